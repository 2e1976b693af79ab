// Elements made from what the service says: always as text, never as markup.

export const byId = (id) => document.getElementById(id);

/** An element with children; strings become text. */
export function make(name, attributes = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
}

/** A sentence in both languages, each marked with its own. */
export function both(japanese, english) {
    const parts = document.createDocumentFragment();
    parts.append(make("span", { lang: "ja" }, japanese), " ", make("span", { lang: "en" }, english));
    return parts;
}

/** Says something to screen readers without moving the focus. */
export function say(japanese, english) {
    byId("status").replaceChildren(...(japanese ? [both(japanese, english)] : []));
}

export function icon(name) {
    return byId(`icon-${name}`).content.cloneNode(true);
}
