#!/bin/sh
# Installs what the tests need beside Python, where that is allowed; else says what is left out.
set -eu
need=""
command -v chromium >/dev/null 2>&1 || need="$need chromium"
fc-list :lang=zh 2>/dev/null | grep -q . || need="$need fontconfig fonts-noto-cjk"
command -v soffice >/dev/null 2>&1 || need="$need libreoffice-calc libreoffice-writer"
# A LibreOffice may be there without the part that opens a document.
command -v soffice >/dev/null 2>&1 && ! ls /usr/lib*/libreoffice/program/libswlo.so >/dev/null 2>&1 \
    && need="$need libreoffice-writer"
command -v pdftoppm >/dev/null 2>&1 || need="$need poppler-utils"
command -v strace >/dev/null 2>&1 || need="$need strace"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need="$need postgresql"
ls /usr/share/postgresql/*/extension/postgis.control >/dev/null 2>&1 || need="$need postgis postgresql-postgis"
[ -n "$need" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing for the tests:$need"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $need >/dev/null
else
    echo "Not installed (needs root and apt):$need"
    echo "The tests that need them are left out; pytest names each with its reason."
fi
