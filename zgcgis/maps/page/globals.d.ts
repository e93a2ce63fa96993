/* What the page finds around it: Leaflet, and what it leaves for others. */
declare const L: any;
interface Window { atlas: unknown; atlasPage: unknown; atlasCodec: unknown }
