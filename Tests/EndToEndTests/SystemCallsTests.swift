import StackSupport
import Testing

/// Whether the reader of strace's logs finds what it is there to find.
@Suite struct SystemCallsTests {
    @Test(arguments: [
        #"7 write(3</tmp/page.pdf>, ""..., 10) = 10"#,
        #"7 pwrite64(9</var/lib/spool/x>, ""..., 10, 0) = 10"#,
        #"7 writev(5</home/kiosk/log>, [], 1) = 4"#,
        #"7 openat(AT_FDCWD</>, "/tmp/x", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 3</tmp/x>"#,
        #"7 openat(AT_FDCWD</>, "/tmp", O_RDWR|O_TMPFILE, 0600) = 3</tmp/#1 (deleted)>"#,
        #"7 memfd_create("page", MFD_CLOEXEC) = 3"#,
        #"7 rename("/tmp/a", "/tmp/b") = 0"#,
        #"7 sendfile(3<TCP:[127.0.0.1:1->127.0.0.1:2]>, 4</tmp/x>, NULL, 10) = 10"#,
        #"7 ????(3</tmp/x>) = 10"#,
        #"7 syscall_0x1b8(0x3, 0x7ffc, 0x10, 0, 0, 0) = 0"#,
    ])
    func `a call that keeps something is found`(_ line: String) {
        #expect(SystemCalls(lines: [line[...]]).violations.count == 1)
    }

    @Test(arguments: [
        #"7 write(1<pipe:[123]>, ""..., 10) = 10"#,
        #"7 write(12<TCP:[127.0.0.1:1->127.0.0.1:2]>, ""..., 10) = 10"#,
        #"7 writev(12<UNIX-STREAM:[77->78]>, [], 2) = 10"#,
        #"7 write(4<anon_inode:[eventfd]>, ""..., 8) = 8"#,
        #"7 write(2</dev/pts/0<char 136:0>>, ""..., 8) = 8"#,
        #"7 openat(AT_FDCWD</>, "/etc/hosts", O_RDONLY|O_CLOEXEC) = 3</etc/hosts>"#,
        #"7 openat(AT_FDCWD</>, "/dev/null", O_RDWR) = 3</dev/null<char 1:3>>"#,
        #"7 <... write resumed>) = 8"#,
        #"7 ????( <unfinished ...>"#,
        #"7 ????( <unavailable>) = ?"#,
        #"7 ???( <detached ...>"#,
        #"7 syscall_0xfffffffffffffffe(0x1, 0xe7, 0x3c, 0x7fa8f9210200, 0xfffffffffffffdd0, 0x55a1ab2826b8 <unfinished ...>"#,
    ])
    func `a call that keeps nothing is passed over`(_ line: String) {
        #expect(SystemCalls(lines: [line[...]]).violations.isEmpty)
    }
}
