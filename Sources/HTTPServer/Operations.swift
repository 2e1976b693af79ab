import HTTPTypes
import Hummingbird
package import Logging
import NIOCore

/// The operations listener: plain HTTP on loopback, for the machine's own supervisor.
///
/// `GET /health` answers 200 while the process serves; `GET /ready` 200 or 503 with what is missing, as stable codes, and what part of the service stands still while the rest goes on;
/// `GET /metrics` the metrics in the Prometheus text format.
package func operationsListener<Problem: ServiceProblem>(
    _ configuration: OperationsConfiguration, problem: Problem.Type, ready: ReadyLine, metrics: PrometheusFactory,
    logger: Logger, degraded: @escaping @Sendable () -> [String] = { [] },
    notReady: @escaping @Sendable () async -> [String]
) -> ListeningService {
    let router = Router()
    router.get("/health") { _, _ in try Response(json: ["status": "ok"]) }
    router.get("/ready") { _, _ in
        let missing = await notReady()
        let status: HTTPResponse.Status = missing.isEmpty ? .ok : .serviceUnavailable
        return try Response(
            json: Readiness(ready: missing.isEmpty, missing: missing, degraded: degraded()), status: status)
    }
    router.get("/metrics") { _, _ in
        Response(ByteBuffer(string: metrics.text()), mediaType: "text/plain; version=0.0.4; charset=utf-8")
    }
    return listener(
        "operations", host: configuration.host, port: configuration.port,
        limits: ListenerLimits(connections: 64, headerBytes: 4096), security: .plain,
        responder: router.buildResponder(), problem: problem, metrics: metrics, logger: logger,
        onBound: { ready.bound("operations", $0) })
}

private struct Readiness: Encodable {
    let ready: Bool
    let missing: [String]
    let degraded: [String]
}
