"""`python -m pytest_apigee` is the command `pytest-apigee`."""

import sys

from pytest_apigee.cli import main

sys.exit(main())
