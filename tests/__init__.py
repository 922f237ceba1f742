"""The tests. Assertions in the helpers of `testing` are explained by pytest as those of the tests are."""

import pytest

pytest.register_assert_rewrite("testing")
