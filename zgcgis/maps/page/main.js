/* What the page of an atlas is started with. */
import { atlas } from "./atlas.js";
import { decode, decodeColumn, inflate, told } from "./codec.js";

window.atlas = (map, id) => atlas(map, told(id));
window.atlasCodec = { decode, decodeColumn, inflate };
