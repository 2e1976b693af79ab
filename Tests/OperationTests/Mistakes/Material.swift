import Crypto
import Foundation
import MutualTLS
import Signing
import StackSupport
import TestSupport
import Testing

/// Files that are wrong, each in one way.
struct Material {
    let folder: TemporaryFolder

    init(_ stack: Stack) throws {
        folder = try TemporaryFolder()
        let now = Date()
        let services = try #require(
            IssuingAuthority(certificateFile: stack.keys + "/ca.pem", keyFile: stack.keys + "/ca.key.pem"))
        func write(_ issued: IssuingAuthority.Issued, _ name: String) throws {
            try KeyFile.writePublic(issued.pem, to: folder.file("\(name).pem"))
            try KeyFile.writePrivate(
                try #require(issued.key).pemRepresentation + "\n", to: folder.file("\(name).key.pem"))
        }
        try write(services.server(commonName: "s", hosts: ["127.0.0.1"], now: now), "server")
        try write(services.client(commonName: "c", now: now), "client")
        try write(services.server(commonName: "s", hosts: ["127.0.0.1"], now: now - 9 * 86_400, days: 2), "ended")
        try write(services.client(commonName: "c", now: now - 9 * 86_400, days: 2), "endedClient")
        try write(services.server(commonName: "s", hosts: ["127.0.0.1"], now: now - 3600, days: 12), "ending")
        try write(services.client(commonName: "c", now: now - 3600, days: 12), "endingClient")
        let old = try IssuingAuthority.create(commonName: "old", now: now - 9 * 366 * 86_400, years: 5)
        try KeyFile.writePublic(old.certificatePEM, to: folder.file("endedCA.pem"))
        try folder.write("text.pem", Data("nothing\n".utf8))
        try folder.write("empty.yaml", Data())
        let loose = folder.file("loose.key.pem")
        try KeyFile.writePrivate(P256.Signing.PrivateKey().pemRepresentation, to: loose)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: loose)
        for name in ["emptyTrust/card", "open", "openJournal"] {
            let path = folder.url(name)
            try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path.path)
        }
        let regions = stack.keys + "/vrs/regions"
        for (name, lacks) in [("noControl", "control.json"), ("noRegion", "\(stack.municipalities[0]).json")] {
            try FileManager.default.copyItem(atPath: regions, toPath: folder.file(name))
            try FileManager.default.removeItem(atPath: folder.file("\(name)/\(lacks)"))
        }
        let terminal = try #require(try PEMFile.privateKey(stack.keys + "/terminals/T0001/terminal.key.pem"))
        try KeyFile.writePublic(terminal.publicKey.pemRepresentation, to: folder.file("own.pub.pem"))
    }
}
