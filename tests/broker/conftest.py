"""What the tests of brokers have: failures of the promises that all share are told as those of a test are."""

import pytest

pytest.register_assert_rewrite("tests.broker.contract")
