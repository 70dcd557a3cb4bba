"""`python -m kernel -f CONNECTION_FILE`: what the kernelspec starts."""

from ipykernel.kernelapp import IPKernelApp

from kernel.omni_kernel import OmniKernel

if __name__ == "__main__":
    IPKernelApp.launch_instance(kernel_class=OmniKernel)
