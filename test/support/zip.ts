export { unzip, type ZipMember, zip } from "../../scripts/fuzz/zip.mjs";
