"""The kernel over a scripted session: `python -m tests.kernel.scripted_kernel -f CONNECTION_FILE`."""

from ipykernel.kernelapp import IPKernelApp

from kernel.omni_kernel import OmniKernel
from tests.scripted import ScriptedSession


class ScriptedKernel(OmniKernel):
    def open_session(self):
        return ScriptedSession(self._output.write_fd)


if __name__ == "__main__":
    IPKernelApp.launch_instance(kernel_class=ScriptedKernel)
