// What the person at the desk must know about the service before trusting what it says.
import { both, byId, make } from "./dom.js";
import { trust } from "./service.js";

const interval = 60_000;

export function watch() {
    const look = () => { if (!document.hidden) show(); };
    show();
    setInterval(look, interval);
    document.addEventListener("visibilitychange", look);
}

async function show() {
    let [list, ages, more] = [[], [], 0];
    try {
        const state = await trust();
        list = noticesOf(state);
        ages = (Array.isArray(state.ages) ? state.ages : []).map(spoken);
        more = Number.isInteger(state.moreAges) ? state.moreAges : 0;
        byId("trust").replaceChildren(...summary(state));
    } catch (reason) {
        list = [[reason.japanese, reason.english, reason.code]];
        byId("trust").replaceChildren();
    }
    const text = JSON.stringify([list, ages, more]);
    const place = byId("notices");
    // What is there stays as it is: somebody may be reading it.
    if (place.dataset.shown === text) return;
    place.dataset.shown = text;
    place.replaceChildren(...list.map((one) => make("p", { class: "notice" }, ...sentence(one))));
    if (ages.length > 0) place.append(folded(ages, ages.length + more));
}

const sentence = ([japanese, english, code]) => [both(japanese, english), " ", make("code", {}, code)];

/** There may be many: all of them are one line until somebody asks. */
function folded(list, count) {
    return make(
        "details", { class: "notice" },
        make("summary", {}, both(
            `信頼フォルダーについて注意が${count}件あります。`,
            `${count} ${count === 1 ? "thing" : "things"} to look after in the trust folder.`)),
        make("ul", {}, ...list.map((one) => make("li", {}, ...sentence(one)))));
}

function noticesOf(state) {
    const list = [];
    if (state.isEmpty === true) {
        list.push([
            "信頼フォルダーが空です。どの証明書も有効になりません。",
            "The trust folder is empty: no certificate can be valid.", "trust.empty",
        ]);
    }
    if (state.stale === true && state.failure) list.push(spoken(state.failure));
    const refused = Array.isArray(state.refused) ? state.refused.length : 0;
    if (refused > 0) {
        list.push([
            `信頼フォルダーのファイル${refused}件が使えません。`,
            `${refused} file${refused === 1 ? "" : "s"} of the trust folder cannot be used.`, "trust.files_refused",
        ]);
    }
    return list;
}

const spoken = (one) => [String(one.messageJapanese ?? ""), String(one.message ?? ""), String(one.code ?? "")];

function summary(state) {
    const counts = state.counts;
    if (!counts) return [];
    const kinds = [["SMART Health Cards", counts.shc], ["VDS-NC", counts.vdsnc], ["EU DCC", counts.dcc]]
        .filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count}`).join(" · ");
    if (kinds === "") return [];
    const tests = counts.test > 0;
    return [both(
        `信頼する発行者のファイル：${kinds}${tests ? `（うち見本用 ${counts.test}）` : ""}`,
        `Trusted issuers’ files: ${kinds}${tests ? ` (${counts.test} for samples)` : ""}`)];
}
