/** A header value with parameters: `text/csv; charset="utf-8"`. */
export interface Parameterised {
  /** What stands before the parameters, in lower case. */
  readonly value: string;
  /** Names in lower case; of the same name the last counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

const PARAMETER = /;\s*([^\s;="]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;"]*)/gsu;

/** Reads a value with parameters (RFC 9110, 5.6.6), leniently: what is no parameter is passed over. */
export function parameterised(header: string): Parameterised {
  const end = header.indexOf(';');
  const value = (end < 0 ? header : header.slice(0, end)).trim().toLowerCase();
  const parameters = new Map<string, string>();
  if (end < 0) return { value, parameters };
  for (const [, name = '', text = ''] of header.slice(end).matchAll(PARAMETER)) {
    parameters.set(name.toLowerCase(), unquoted(text.trim()));
  }
  return { value, parameters };
}

/** The elements of a list, cut at commas that stand outside of quotes. Escapes in quotes are not known to it. */
export function listed(header: string): string[] {
  return (header.match(/(?:"[^"]*"|[^,"]|")+/gu) ?? []).map((part) => part.trim());
}

function unquoted(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll(/\\(.)/gsu, '$1') : text;
}
