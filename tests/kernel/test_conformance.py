"""The public conformance tests of Jupyter kernels; every message is checked against the protocol's schema."""

import jupyter_kernel_test


class TestOmniKernel(jupyter_kernel_test.KernelTests):
    kernel_name = "omnilisp"
    language_name = "omnilisp"
    file_extension = ".omni"
    code_hello_world = '(println "hello, world")'
    completion_samples = [{"text": "(string-app", "matches": {"string-append"}}]  # noqa: RUF012
    complete_code_samples = ["1", "(f x)"]  # noqa: RUF012
    incomplete_code_samples = ["(f", '"abc']  # noqa: RUF012
    invalid_code_samples = [")", "(f]"]  # noqa: RUF012
    code_generate_error = "(car 5)"
    code_execute_result = [{"code": "(+ 1 2)", "result": "3"}]  # noqa: RUF012
    code_history_pattern = "(+ 1*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "car"
