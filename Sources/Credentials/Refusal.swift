/// Why a step of the check came to an end; it becomes a verdict's reason.
package struct Refusal: Error {
    let reason: Reason

    init(_ cause: Cause, at offset: Int? = nil) { reason = Reason(cause, offset: offset) }
    init(_ reason: Reason) { self.reason = reason }
}
