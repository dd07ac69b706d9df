/** The first line, or the end, that is no comment. */
const FIRST_ROW = /(?<=\n|\r(?!\n))[^#]|$/;

/**
 * The comment lines at the beginning of a CSV text without their `#`, and what follows them.
 *
 * Each half keeps the lines and columns that it has in the whole: a space stands for each `#`, an empty line for each
 * comment. A search, because a pattern of all the lines of a long comment exhausts the stack.
 */
export function splitCsvHead(text: string): { readonly head: string; readonly rows: string } {
  const comment = text.slice(0, text.startsWith("#") ? text.search(FIRST_ROW) : 0);
  return {
    head: comment.replaceAll(/(^|[\r\n])#/g, "$1 "),
    rows: comment.replaceAll(/[^\r\n]/g, "") + text.slice(comment.length),
  };
}
