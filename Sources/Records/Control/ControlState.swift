public import Vaccination

/// What operators have set for all regions.
public struct ControlState: Hashable, Sendable {
    /// Grows by one with every change, and by more with a logged restore, so that a copy is renewed only when it is old.
    public let revision: Int64
    /// Every terminal ever enrolled, by name; one whose row a hand has changed is none.
    public let terminals: [EnrolledTerminal]
    /// What is out of service.
    public let suspensions: Set<Suspension>
    /// Why issuing stands still until an operator clears it; `nil` if it does not.
    public let issuingHalted: String?
    /// Regions whose evidence is broken, with the place; nothing is issued there until a restore is logged.
    public let brokenRegions: [MunicipalityCode: String]
    /// The settings of the regions that have some of their own; ``RegionSettings/initial`` are those of the others.
    public let settings: [MunicipalityCode: RegionSettings]
    /// Regions whose erasure two operators decided.
    public let erased: Set<MunicipalityCode>
    /// Devices that are revoked, by the hashes of their keys (``DeviceStore``); one whose certificate has ended stays for some time.
    public let revokedDevices: Set<[UInt8]>
    /// See ``LogHeads/incarnation``.
    public let incarnation: Int64

    /// A state from its parts.
    public init(
        revision: Int64, terminals: [EnrolledTerminal], suspensions: Set<Suspension>, issuingHalted: String?,
        brokenRegions: [MunicipalityCode: String] = [:], settings: [MunicipalityCode: RegionSettings] = [:],
        erased: Set<MunicipalityCode> = [], revokedDevices: Set<[UInt8]> = [], incarnation: Int64 = 1
    ) {
        self.settings = settings
        self.erased = erased
        self.revokedDevices = revokedDevices
        self.brokenRegions = brokenRegions
        self.incarnation = incarnation
        self.revision = revision
        self.terminals = terminals
        self.suspensions = suspensions
        self.issuingHalted = issuingHalted
    }
}
