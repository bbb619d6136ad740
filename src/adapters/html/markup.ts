/** HTML text in which whatever came from a client is escaped. Made here alone. */
class Markup {
  constructor(readonly text: string) {}
}
export type { Markup };

type Content = string | number | Markup | undefined | readonly Markup[];

/** HTML of a template: what is put in is text, escaped, unless it is HTML already. Attributes are to be quoted. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const [first = '', ...rest] = parts.map((part) => part.replaceAll(/\n\s*/gu, '\n'));
  return new Markup(rest.reduce((made, part, i) => made + textOf(contents[i]) + part, first));
}

/** A style sheet of ours: its text is not escaped. */
export const styleSheet = (css: string): Markup => new Markup(`<style>${css}</style>`);

function textOf(content: Content): string {
  if (content === undefined) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'object') return content.map(({ text }) => text).join('');
  return escaped(String(content));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Control characters have no place in HTML: they are shown as what they are not. */
function escaped(text: string): string {
  return text
    .replaceAll(/[&<>"']/gu, (character) => ENTITIES[character] ?? '')
    .replaceAll(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]/gu, '\ufffd');
}
