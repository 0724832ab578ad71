package storetest

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// traced are the system calls that Replay follows, and those that give files
// names, for whoever reads the trace. A store that writes in
// other ways needs them added here and there.
const traced = "openat,close,write,pwrite64,ftruncate,fsync,fdatasync,link,linkat,rename,renameat,renameat2"

// Trace runs cmd to its end under strace and returns the name of the recorded
// trace, for Replay. It fails the test when the command fails, and skips it
// where strace is missing or not allowed to trace. Standard error and the
// environment are cmd's own; standard output must not be a file that is traced.
func Trace(t testing.TB, cmd *exec.Cmd) string {
	t.Helper()
	out, err := strace(t, cmd, "-xx", "-s", fmt.Sprint(maxImage), "-e", "trace="+traced)
	if err != nil {
		t.Fatalf("%v: %v", cmd.Args, err)
	}
	return out
}

// Inject runs cmd to its end under strace with faults, each as strace's option
// -e inject takes it, for instance "fdatasync:error=EIO:when=3" for the third
// call of each thread, or "pwrite64:signal=KILL:when=1". It returns how the
// command ended. Otherwise it is as Trace.
func Inject(t testing.TB, cmd *exec.Cmd, faults ...string) error {
	t.Helper()
	args := []string{"-e", "trace=" + traced}
	for _, f := range faults {
		args = append(args, "-e", "inject="+f)
	}
	_, err := strace(t, cmd, args...)
	return err
}

func strace(t testing.TB, cmd *exec.Cmd, args ...string) (string, error) {
	t.Helper()
	tool := findStrace(t)
	out := filepath.Join(t.TempDir(), "trace")
	args = append(append([]string{tool, "-f", "-o", out}, args...), "--", cmd.Path)
	cmd.Args = append(args, cmd.Args[1:]...)
	cmd.Path = tool
	return out, cmd.Run()
}

func findStrace(t testing.TB) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("strace is a Linux tool: what reaches the disk is not traced here")
	}
	tool, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed: what reaches the disk is not traced here")
	}
	if out, err := exec.Command(tool, "-o", "/dev/null", "true").CombinedOutput(); err != nil {
		t.Skipf("strace may not trace here: %v: %s", err, out)
	}
	return tool
}
