// A hand scanner is a keyboard: it types the code and then Enter, whatever has the focus. Its keys must never press a
// button or reach a shortcut of the browser, and what a person types slowly must stay what it is.

/** Keys farther apart are not one reading (wireless scanners pause now and then). */
const pause = 1500;
/** Within a text field keys this close together are a scanner's. */
const burst = 60;
/** No code is shorter; fewer keys are a person's. */
const least = 8;
/** No code is longer; what comes beyond is dropped. */
const most = 16_384;
/** A scanner may end with a line feed as well, which browsers read as a shortcut. */
const echo = 300;

/** Calls `read` with each text that a scanner typed. */
export function listen(read) {
    let typed = "";
    let last = -Infinity;
    let quick = 0;
    let ended = -Infinity;
    let before = "";

    const reset = () => {
        typed = "";
        quick = 0;
    };
    const isField = (element) => element instanceof HTMLTextAreaElement;
    const stop = (event) => {
        event.preventDefault();
        event.stopImmediatePropagation();
    };

    addEventListener("keydown", (event) => {
        // The event's own time: a busy page must not tear a reading apart.
        const gap = event.timeStamp - last;
        const field = isField(event.target) ? event.target : null;
        if (event.ctrlKey && !event.altKey && ["j", "m"].includes(event.key.toLowerCase())) {
            if (event.timeStamp - ended < echo || typed.length >= least && gap < pause) stop(event);
            return;
        }
        if (event.isComposing || event.repeat && typed.length < least || isCommand(event)) return;

        if (event.key === "Enter" || event.key === "Tab") {
            const text = typed;
            const isScanner = text.length >= least && gap < pause && (!field || quick + 1 >= text.length * 0.8);
            reset();
            if (isScanner) {
                stop(event);
                ended = event.timeStamp;
                if (field) field.value = before;
                read(text);
            } else if (event.timeStamp - ended < echo) {
                stop(event);
            }
            return;
        }
        if ([...event.key].length !== 1) {
            // What is corrected is a person's.
            if (field && event.key !== "Shift" && event.key !== "AltGraph") reset();
            return;
        }
        if (gap > pause) reset();
        if (typed === "" && field) before = field.value;
        if (typed !== "" && gap <= burst) quick += 1;
        last = event.timeStamp;
        if (!field && (event.key !== " " || typed !== "")) stop(event);
        // A lone space presses the button that has the focus, as it should.
        if (typed === "" && event.key === " ") return;
        if (typed.length < most) typed += event.key;
    }, { capture: true });

    // What was typed elsewhere does not belong into the field. (An answer that comes while a scanner types moves the
    // focus too, but never there.)
    addEventListener("focusin", (event) => { if (isField(event.target)) reset(); });

    // The space of a code presses a button when it is let go.
    addEventListener("keyup", (event) => {
        if (event.key === " " && typed !== "" && !isField(event.target)) stop(event);
        if (event.key === "Enter" && event.timeStamp - ended < echo) stop(event);
    }, { capture: true });
}

/** AltGr types letters on many keyboards, and reports itself as Control and Alt. */
function isCommand(event) {
    return event.metaKey || (event.ctrlKey || event.altKey) && !event.getModifierState("AltGraph");
}
