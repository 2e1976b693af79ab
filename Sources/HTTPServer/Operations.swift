import HTTPTypes
import Hummingbird
package import Logging
import Metrics
import NIOCore

/// The operations listener: plain HTTP on loopback, for the machine's own supervisor.
///
/// `GET /health` answers 200 while the process serves; `GET /ready` 200 or 503 with what is missing, as stable codes, and what part of the service stands still while the rest goes on;
/// `GET /metrics` the metrics in the Prometheus text format, those of the process and readiness as they are then.
///
/// - Parameters:
///   - program: its name, for the metric that says which build runs.
///   - collect: brings figures up to date that are asked for and not counted as they happen.
package func operationsListener<Problem: ServiceProblem>(
    _ configuration: OperationsConfiguration, problem: Problem.Type, ready: ReadyLine, metrics: PrometheusFactory,
    logger: Logger, program: String, degraded: @escaping @Sendable () -> [String] = { [] },
    collect: @escaping @Sendable () -> Void = {}, notReady: @escaping @Sendable () async -> [String]
) -> ListeningService {
    let router = Router()
    Meter(
        label: "akashi_build_info", dimensions: [("program", program), ("version", Build.version)], factory: metrics
    ).set(1)
    router.get("/health") { _, _ in try Response(json: ["status": "ok"]) }
    router.get("/ready") { _, _ in
        let missing = await notReady()
        let status: HTTPResponse.Status = missing.isEmpty ? .ok : .serviceUnavailable
        return try Response(
            json: Readiness(ready: missing.isEmpty, missing: missing, degraded: degraded()), status: status)
    }
    router.get("/metrics") { _, _ in
        ProcessFigures.record(in: metrics)
        Meter(label: "akashi_ready", factory: metrics).set(await notReady().isEmpty ? 1 : 0)
        collect()
        return Response(ByteBuffer(string: metrics.text()), mediaType: "text/plain; version=0.0.4; charset=utf-8")
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
