// The verifier service: what is sent, and what its answers may look like. An answer that is not exactly as promised is a
// failure to ask, never a verdict.

/** Why nothing could be found out, in both languages; `code` is the service's where it has one. */
export class Unchecked extends Error {
    constructor(code, japanese, english) {
        super(code);
        this.code = code;
        this.japanese = japanese;
        this.english = english;
    }
}

/** A minute is more than the service itself allows for its slowest reading. */
const patience = 60_000;

const unreachable = () => new Unchecked(
    "page.no_answer", "確認の機械につながりません。", "The verifier service cannot be reached.");
const strange = () => new Unchecked(
    "page.answer_malformed", "確認の機械の返事が読めません。", "The verifier service’s answer cannot be read.");

/** Asks about codes that were shown together. Gives `{overall, caution, verdicts}` or throws `Unchecked`. */
export async function verify(type, body, signal) {
    const response = await ask("/v1/verify", { method: "POST", headers: { "Content-Type": type }, body }, signal);
    if (!response.ok) throw problem(response.value);
    return parse(response.value);
}

/** What the service trusts. */
export async function trust() {
    const response = await ask("/v1/trust", {}, new AbortController().signal);
    if (!response.ok || typeof response.value !== "object" || response.value === null) throw strange();
    return response.value;
}

async function ask(path, options, signal) {
    const own = new AbortController();
    const end = () => own.abort();
    const timer = setTimeout(end, patience);
    signal.addEventListener("abort", end);
    try {
        if (signal.aborted) end();
        const response = await fetch(path, { ...options, signal: own.signal, cache: "no-store", redirect: "error" });
        const text = await response.text();
        let value;
        try { value = JSON.parse(text); } catch { throw strange(); }
        return { ok: response.status === 200, value };
    } catch (error) {
        throw error instanceof Unchecked ? error : unreachable();
    } finally {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
    }
}

function problem(value) {
    if (!isText(value?.code) || !isText(value.title) || !isText(value.titleJapanese)) return strange();
    return new Unchecked(value.code, value.titleJapanese, value.title);
}

const isText = (value) => typeof value === "string";
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isTextOrAbsent = (value) => value === undefined || isText(value);

function parse(value) {
    if (!isObject(value) || !Array.isArray(value.verdicts) || value.verdicts.length === 0) throw strange();
    if (!value.verdicts.every(isVerdict)) throw strange();
    // What the single codes say must agree with the whole: nothing else may ever look valid.
    const isValid = value.verdicts.every((verdict) => verdict.verdict === "valid");
    const isTest = value.verdicts.some((verdict) => verdict.test);
    const expected = !isValid ? "invalid" : isTest ? "test" : "valid";
    if (value.overall !== expected) throw strange();
    const caution = isValid && value.verdicts.some((verdict) => verdict.caution);
    if (value.caution !== caution) throw strange();
    return { overall: expected, caution, verdicts: value.verdicts };
}

function isVerdict(value) {
    return isObject(value) && (value.verdict === "valid" || value.verdict === "invalid")
        && typeof value.test === "boolean"
        && typeof value.caution === "boolean" && !(value.caution && value.verdict !== "valid")
        && [value.reasons, value.warnings].every((list) => Array.isArray(list) && list.every(isSentence))
        && (value.verdict === "valid") === (value.reasons.length === 0)
        && [value.format, value.subject, value.issuer, value.issuerName, value.certificateId].every(isTextOrAbsent)
        && (value.holder === undefined || isHolder(value.holder))
        && (value.doses === undefined || Array.isArray(value.doses) && value.doses.every(isObject));
}

const isSentence = (value) =>
    isObject(value) && isText(value.code) && isText(value.message) && isText(value.messageJapanese);

const isHolder = (value) => isObject(value) && isText(value.name)
    && [value.birthDate, value.sex, value.documentNumber].every(isTextOrAbsent);
