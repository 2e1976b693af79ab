// An answer does not stand for ever: after its time it goes away by itself, and a line says when.

/** Seconds; `?clear=20` in the page's address asks for another time, from 5 seconds to 10 minutes. */
function seconds() {
    const asked = Number(new URLSearchParams(location.search).get("clear") ?? 60);
    return Number.isInteger(asked) && asked >= 5 && asked <= 600 ? asked : 60;
}

export class Clearing {
    #timer = null;
    #started = 0;
    #ticks = 0;

    constructor(show, end) {
        this.length = seconds();
        this.show = show;
        this.end = end;
        document.addEventListener("visibilitychange", () => this.#look());
    }

    start() {
        this.stop();
        this.#started = Date.now();
        this.#ticks = performance.now();
        this.#timer = setInterval(() => this.#look(), 250);
        this.#look();
    }

    stop() {
        clearInterval(this.#timer);
        this.#timer = null;
    }

    #look() {
        if (this.#timer === null) return;
        // The longer of both: one clock may be set back, the other may stand still while the machine sleeps.
        const elapsed = Math.max(Date.now() - this.#started, performance.now() - this.#ticks) / 1000;
        if (elapsed >= this.length) {
            this.stop();
            this.end();
        } else {
            this.show(Math.ceil(this.length - elapsed));
        }
    }
}
