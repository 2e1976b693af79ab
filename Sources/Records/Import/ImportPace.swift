/// How many people the next transaction of an import takes: as many as are written in a time that others can wait for.
///
/// A wait for the disk serves more people where nobody else writes; where others do, a transaction takes longer and the next
/// one fewer people.
package struct ImportPace: Sendable {
    /// What one transaction may take.
    static let aim = Duration.milliseconds(5)
    /// The fewest and most people.
    static let bounds = 4...512

    /// How many people come next.
    package private(set) var people = 64

    /// Begins with few.
    package init() {}

    /// Takes in how long the last transaction took.
    /// - Parameter count: how many people it wrote: fewer than it was asked for where it gave others way.
    package mutating func took(_ time: Duration, writing count: Int) {
        guard count >= people else {
            // So many were read in vain.
            people = max(Self.bounds.lowerBound, min(people, 2 * count))
            return
        }
        if time > Self.aim * 2 {
            people = max(Self.bounds.lowerBound, people / 2)
        } else if time < Self.aim {
            people = min(Self.bounds.upperBound, people + people / 4)
        }
    }
}
