// Which of the two modules a time of the kernel belongs to depends on which one the compiler meets first.
import CoreFoundation
import Foundation
import Glibc

/// What the kernel says of this process, by the names that Prometheus' own clients use.
enum ProcessFigures {
    /// Reads the figures of now.
    static func record(in metrics: PrometheusFactory) {
        metrics.set("process_start_time_seconds", started)
        metrics.set("process_resident_memory_bytes", residentBytes)
        metrics.set("process_open_fds", openFiles)
        metrics.set("process_max_fds", maximumFiles)
        metrics.setTotal("process_cpu_seconds", processorSeconds)
    }

    /// When the process began, in seconds since 1970: found out once, so that it does not waver.
    private static let started: Double? = {
        // Field 22, counted from behind the name, which may hold anything but stands in brackets.
        guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let name = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: name)...].split(separator: " ")
        guard fields.count > 19, let ticks = Double(fields[19]) else { return nil }
        // Not `btime` of /proc/stat, which a unit with ProcSubset=pid does not see.
        var now = timespec()
        guard clock_gettime(CLOCK_BOOTTIME, &now) == 0 else { return nil }
        let age = Double(now.tv_sec) + Double(now.tv_nsec) / 1e9 - ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
        return ((Date().timeIntervalSince1970 - age) * 100).rounded() / 100
    }()

    private static var residentBytes: Double? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
        let fields = text.split(separator: " ")
        guard fields.count > 1, let pages = Double(fields[1]) else { return nil }
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }

    private static var openFiles: Double? {
        // One of them is the reading itself.
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map { Double($0.count - 1) }
    }

    private static var maximumFiles: Double? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        return Double(limit.rlim_cur)
    }

    private static var processorSeconds: Double? {
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return nil }
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}
