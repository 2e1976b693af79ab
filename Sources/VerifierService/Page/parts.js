// A long SMART Health Card is spread over several codes ("shc:/2/3/…"), which a hand scanner reads one after the other.

const form = /^shc:\/(\d{1,2})\/(\d{1,2})\/\d+$/;

export class Parts {
    #count = 0;
    #texts = new Map();

    /** Takes a reading. Gives the lines to check, or `null` where more parts are to come. */
    add(text) {
        const match = form.exec(text.trim());
        if (!match) {
            this.clear();
            return text;
        }
        const [number, count] = [Number(match[1]), Number(match[2])];
        if (count !== this.#count) this.clear();
        this.#count = count;
        this.#texts.set(number, text.trim());
        if (this.#texts.size < count) return null;
        const lines = [...this.#texts.values()].join("\n");
        this.clear();
        return lines;
    }

    clear() {
        this.#count = 0;
        this.#texts.clear();
    }

    get count() { return this.#count; }
    get present() { return this.#texts.size; }
}
