import Exchange
import Testing

/// Every refusal has sentences for people.
@Suite struct ProblemTextTests {
    @Test(arguments: ProblemCode.allCases)
    func `a code has a headline and what to do, in both languages`(_ code: ProblemCode) {
        let text = code.phoneText
        #expect(text.japanese.split(separator: "。").count >= 2 && text.japanese.hasSuffix("。"))
        #expect(text.english.split(separator: ". ").count >= 2 && text.english.hasSuffix("."))
        #expect(text.english.count <= 160 && text.japanese.count <= 100)
        // Only what the service itself is at fault for has the sentence without a cause.
        #expect((text.english == ProblemCode.internal.phoneText.english) == (code == .internal))
    }
}
