"""What a page unpacks (打包): land, firms, findings and comparisons as few bytes beside its data."""
