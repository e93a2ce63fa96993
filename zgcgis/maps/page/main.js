/* What the page of an atlas is started with. */
import { atlas } from "./atlas.js";
import { decode, decodeColumn, inflate } from "./codec.js";

window.atlas = atlas;
window.atlasCodec = { decode, decodeColumn, inflate };
