// The answer as people see it: one banner for all codes shown together, then each certificate.
import { both, byId, icon, make, say } from "./dom.js";

const heads = {
    checking: { japanese: "確認中", english: "Checking", icon: "checking" },
    valid: { japanese: "有効", english: "Valid", icon: "valid" },
    caution: { japanese: "有効（古い情報で確認）", english: "Valid, but checked with old data", icon: "test" },
    invalid: { japanese: "無効", english: "Not valid", icon: "invalid" },
    other: { japanese: "接種証明ではありません", english: "Not a vaccination certificate", icon: "unknown" },
    test: { japanese: "見本", english: "SAMPLE", icon: "test" },
    unchecked: { japanese: "確認できませんでした", english: "Could not be checked", icon: "unknown" },
};

const formats = { shc: "SMART Health Card", vdsnc: "ICAO VDS-NC", dcc: "EU Digital COVID Certificate" };

const subjects = {
    test: ["検査の証明書です。", "A certificate of a test."],
    recovery: ["回復の証明書です。", "A certificate of recovery."],
    none: ["接種の記載がありません。", "No vaccination is recorded in it."],
};

/** Takes the answer away: nothing of it stays in the document. */
export function clear() {
    document.body.dataset.state = "ready";
    byId("answer").hidden = true;
    byId("start").hidden = false;
    byId("compare").hidden = true;
    byId("close").hidden = true;
    for (const id of ["answer-title", "answer-icon", "answer-lead", "certificates", "countdown"]) {
        byId(id).replaceChildren();
    }
}

/** Shows that a check runs; what stood there before is gone. */
export function showChecking() {
    clear();
    head("checking");
    say("確認しています。", "Checking.");
}

/** Shows why nothing is known; never a verdict. */
export function showUnchecked(reason) {
    clear();
    head("unchecked", both(reason.japanese, reason.english), make("p", { class: "code" }, reason.code));
    finish();
}

/** Shows what was found out about codes that were shown together. */
export function showVerdicts({ overall: judged, caution, verdicts }) {
    clear();
    // Valid, but no proof of a vaccination: never under the green banner of one.
    const isOther = judged === "valid" && verdicts.some((one) => one.subject !== "vaccination");
    // What is old may hide that a certificate was revoked: not green either.
    const overall = isOther ? "other" : judged === "valid" && caution ? "caution" : judged;
    const sentence = {
        valid: ["この証明書は本物で、変えられていません。", "The certificate is genuine and unchanged."],
        caution: [
            "署名は正しいのですが、失効などの情報が古く、その後に失効した可能性があります。下の注意を見てください。",
            "The signature is right, but what it was checked with is old: it may have been revoked since. See below.",
        ],
        other: [
            "署名は正しいですが、接種を証明するものではありません。",
            "The signature is right, but this does not prove a vaccination."],
        test: ["試験用の見本です。本物の証明書ではありません。", "A test certificate, not a real one."],
        invalid: verdicts.length > 1
            ? ["この用紙は使えません。下の理由を見てください。", "This sheet cannot be accepted. See the reasons below."]
            : ["この証明書は使えません。", "This certificate cannot be accepted."],
    }[overall];
    const lead = [make("p", {}, both(...sentence))];
    if (overall === "invalid") lead.push(sentences("reasons", distinct(verdicts.flatMap((one) => one.reasons))));
    head(overall, ...lead);
    byId("compare").hidden = overall === "invalid" || !verdicts.some((one) => one.holder);
    // Of a single code about which nothing is known the banner says all.
    const shown = verdicts.filter((one) => verdicts.length > 1 || one.holder || one.issuer || one.warnings.length > 0);
    const common = new Set(verdicts[0].reasons.map((one) => one.code).filter((code) =>
        verdicts.every((one) => one.reasons.some((reason) => reason.code === code))));
    byId("certificates").append(
        ...shown.map((one, index) => certificate(one, index, verdicts.length, overall, common)));
    finish();
}

function head(state, ...lead) {
    const { japanese, english, icon: name } = heads[state];
    document.body.dataset.state = state;
    byId("answer-icon").append(icon(name));
    byId("answer-title").append(both(japanese, english));
    byId("answer-lead").append(...lead);
    byId("start").hidden = true;
    byId("answer").hidden = false;
}

function finish() {
    say();
    byId("close").hidden = false;
    scrollTo(0, 0);
    byId("answer-title").focus({ preventScroll: true });
}

function distinct(list) {
    return [...new Map(list.map((one) => [one.code, one])).values()];
}

function sentences(kind, list) {
    return make("ul", { class: kind }, ...list.map((one) =>
        make("li", {}, both(one.messageJapanese, one.message), " ", make("code", {}, one.code))));
}

function certificate(verdict, index, count, overall, common) {
    const heading = make("h3", { id: `certificate-${index}` });
    if (count > 1) heading.append(make("span", { class: "number" }, `${index + 1} / ${count}`), " ");
    heading.append(formats[verdict.format] ?? both("種類のわからないコード", "Unknown code"));
    const card = make("article", { class: "certificate", "aria-labelledby": heading.id });
    const top = make("div", { class: "certificate-head" }, heading);
    if (count > 1 || overall === "invalid" && verdict.test) top.append(...badges(verdict, overall));
    card.append(top);
    if (verdict.warnings.length > 0) {
        const others = verdict.warnings.filter((one) => overall !== "test" || one.code !== "test.certificate");
        if (others.length > 0) card.append(sentences("warnings", others));
    }
    // The banner names all reasons; which of several codes has one is said here, unless all have it.
    const own = verdict.reasons.filter((one) => !common.has(one.code));
    if (own.length > 0) card.append(sentences("reasons", own));
    if (verdict.subject && subjects[verdict.subject]) {
        card.append(make("p", { class: "subject" }, both(...subjects[verdict.subject])));
    }
    const facts = factsOf(verdict);
    if (facts) card.append(facts);
    if (verdict.doses?.length) card.append(dosesTable(verdict.doses));
    return card;
}

/** What one code of several is by itself; under a red banner nothing is green. */
function badges(verdict, overall) {
    const badge = (kind, name, japanese, english) =>
        make("p", { class: `badge ${kind}` }, icon(name), make("span", {}, both(japanese, english)));
    const list = [];
    if (verdict.verdict === "invalid") list.push(badge("invalid", "invalid", "無効", "Not valid"));
    else if (overall === "invalid") list.push(badge("plain", "unknown", "これだけでは認められません", "Not enough by itself"));
    else if (verdict.caution && !verdict.test) {
        list.push(badge("test", "test", "有効（古い情報で確認）", "Valid, old data"));
    } else if (!verdict.test && verdict.subject === "vaccination") list.push(badge("valid", "valid", "有効", "Valid"));
    else if (!verdict.test) list.push(badge("plain", "unknown", "接種証明ではありません", "Not a vaccination certificate"));
    if (verdict.test) list.push(badge("test", "test", "見本", "SAMPLE"));
    return list;
}

function factsOf(verdict) {
    const holder = verdict.holder;
    const list = make("dl", { class: "facts" });
    const add = (kind, japanese, english, ...value) => list.append(make(
        "div", { class: kind }, make("dt", {}, both(japanese, english)), make("dd", {}, ...value)));
    if (holder) {
        add("name", "氏名", "Name", holder.name);
        if (holder.birthDate) add("large", "生年月日", "Date of birth", ...date(holder.birthDate));
        if (holder.documentNumber) add("large", "旅券番号", "Document number", holder.documentNumber);
        if (holder.sex) add("large", "性別", "Sex", ...sex(holder.sex));
    }
    if (verdict.certificateId) add("", "証明書番号", "Certificate ID", verdict.certificateId);
    if (verdict.issuerName || verdict.issuer) {
        const address = verdict.issuer && verdict.issuer !== verdict.issuerName
            ? [make("span", { class: "small" }, verdict.issuer)] : [];
        add("", "発行者", "Issuer", ...(verdict.issuerName ? [verdict.issuerName, ...address] : [verdict.issuer]));
    }
    return list.childElementCount > 0 ? list : null;
}

/** A date as the certificate writes it, and as Japanese documents do; parts of it may be missing. */
function date(text) {
    const match = /^(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?$/.exec(text);
    if (!match) return [text];
    const japanese = match.slice(1).map((part, index) => part ? `${Number(part)}${"年月日"[index]}` : "").join("");
    return [make("span", { class: "figures" }, text), make("span", { class: "small", lang: "ja" }, japanese)];
}

function sex(text) {
    const known = { F: ["女", "Female"], M: ["男", "Male"], female: ["女", "Female"], male: ["男", "Male"] }[text];
    return known ? [both(...known)] : [text];
}

function dosesTable(doses) {
    const columns = [["回", "No."], ["接種日", "Date"], ["ワクチン・製造者", "Vaccine, maker"], ["ロット・国", "Lot, country"]];
    const header = make("tr", {}, ...columns.map((words) => make("th", { scope: "col" }, both(...words))));
    const pair = (first, second) => make(
        "td", {}, first ?? "—", ...(second ? [make("span", { class: "small" }, second)] : []));
    const rows = doses.map((dose) => make(
        "tr", {}, make("th", { scope: "row" }, dose.number === undefined ? "—" : String(dose.number)),
        make("td", { class: "figures" }, dose.date ?? "—"), pair(dose.product, dose.maker), pair(dose.lot, dose.country)));
    return make(
        "table", {}, make("caption", {}, both("接種の記録", "Doses")), make("thead", {}, header),
        make("tbody", {}, ...rows));
}
