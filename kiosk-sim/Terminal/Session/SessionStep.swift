/// The steps of a customer's session, in the order in which they are reached.
package enum SessionStep: String, Sendable, CaseIterable, Codable {
    case menu, municipality, kind, copies, consent
    case card, tries, pin
    case challenge, keys, read, sign, removal
    case application, answer, check, contents, payment, printing, reminder
    case outcome, end
}
