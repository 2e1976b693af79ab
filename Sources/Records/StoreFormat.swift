/// The formats in which the records lie on the disk. A newer program brings a store to its own; an older one refuses what
/// a newer one has made.
package enum StoreFormat {
    /// Of a region's database: how many steps its schema has had.
    package static let region = 12
    /// Of the control database.
    package static let control = 9
    /// Of the journal's lines.
    package static let journal = 1

    /// What a program says of them.
    package static let described = "region \(region), control \(control), journal \(journal)"
}
