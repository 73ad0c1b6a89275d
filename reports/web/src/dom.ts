// Everything on the page is made here: names become text nodes, never markup.

type Child = Node | string | number | null | undefined | false;
type Attribute = string | number | boolean | null | undefined | ((event: Event) => void);

/** Control and direction marks that could make a name look like another one. */
const deceptive = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** The text with such marks spelled out: "\u{202e}". */
export function spelled(text: string): string {
  return text.replace(deceptive, (mark) => `\\u{${mark.charCodeAt(0).toString(16)}}`);
}

/** An element with attributes (functions are listeners) and children (strings are text). */
export function el(tag: string, attributes: Record<string, Attribute> = {}, ...children: Child[]): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? '' : spelled(String(value)));
  }
  add(element, ...children);
  return element;
}

export function add(parent: Node, ...children: Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    parent.appendChild(child instanceof Node ? child : document.createTextNode(spelled(String(child))));
  }
}

/** A name from somebody's cluster: kept apart from the text around it, in its own direction. */
export function name(text: string): HTMLElement {
  return el('bdi', { class: 'name' }, text);
}

/** A word with a colour and a sign, so that the colour is never alone. */
export function tag(kind: string, text: string): HTMLElement {
  return el('span', { class: `tag tag-${kind}` }, text);
}

export function section(id: string, title: string, ...children: Child[]): HTMLElement {
  return el('section', { id, 'aria-labelledby': `${id}-title` }, el('h2', { id: `${id}-title` }, title), ...children);
}

/** Sets a number for the style sheet; the policy forbids style attributes in markup, not this. */
export function setVariable(element: HTMLElement, variable: string, value: string): HTMLElement {
  element.style.setProperty(variable, value);
  return element;
}
