package import Crypto
package import Exchange
import Foundation
import MutualTLS

/// Where a program keeps what a phone's keystore keeps: the device's key (mode 0600) and its certificate, and for its holder the
/// revocation code.
package struct DeviceFolder: Sendable {
    /// The folder.
    package let path: String

    /// A folder, which is made when a device is kept in it.
    package init(path: String) { self.path = path }

    private var keyFile: String { path + "/device.key.pem" }
    private var certificateFile: String { path + "/device.pem" }
    private var codeFile: String { path + "/revocation.txt" }

    /// Whether a device lies there.
    package var isEnrolled: Bool { FileManager.default.fileExists(atPath: certificateFile) }

    /// The key that lies there, or a new one that is kept there: the certificate comes later, and the key must not be another
    /// then.
    package func key() throws -> P256.Signing.PrivateKey {
        if FileManager.default.fileExists(atPath: keyFile) { return try readKey() }
        let key = P256.Signing.PrivateKey()
        try KeyFile.writePrivate(key.pemRepresentation + "\n", to: keyFile)
        return key
    }

    /// Keeps an enrolled device.
    package func keep(_ enrolled: EnrolledDeviceAnswer) throws {
        for file in [certificateFile, codeFile] { try? FileManager.default.removeItem(atPath: file) }
        let base64 = enrolled.certificate.base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        try KeyFile.writePublic(
            "-----BEGIN CERTIFICATE-----\n\(base64)\n-----END CERTIFICATE-----\n", to: certificateFile)
        try KeyFile.writePrivate(enrolled.revocationCode + "\n", to: codeFile)
    }

    /// The device; throws unless it is enrolled.
    package func device() throws -> PhoneDevice {
        guard let certificate = PEMFile.certificates(certificateFile).first else {
            throw DeviceFolderError(path: certificateFile)
        }
        return PhoneDevice(certificate: try certificate.der, key: try readKey())
    }

    private func readKey() throws -> P256.Signing.PrivateKey {
        guard let key = try? PEMFile.privateKey(keyFile) else { throw DeviceFolderError(path: keyFile) }
        return key
    }
}

/// There is no device in a folder, or its key can be read by others.
package struct DeviceFolderError: Error, Hashable, Sendable {
    /// The file that could not be read.
    package let path: String
}
