# Not run by the project's tests, which only parse it: they have no Windows. It makes .venv beside it, installs the server, and offers to start it.
#
#     .\install.ps1 [-From FOLDER] [-Start]
#
# -From   the folder with the files of a release (default: dist, beside this script); where there are none, the checkout is installed
# -Start  start the server afterwards, and do not ask
param([string] $From = "dist", [switch] $Start)

$ErrorActionPreference = "Stop"
Set-Location $PSScriptRoot

function Invoke-Checked([string] $Program) {
    & $Program @args
    if ($LASTEXITCODE -ne 0) { throw "$Program failed: $args" }
}

$python = if (Get-Command py -ErrorAction SilentlyContinue) { "py" } else { "python" }
Invoke-Checked $python -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed')"
Invoke-Checked $python -m venv .venv

$server = Get-ChildItem -Path $From -Filter "sio_server-*-none-any.whl" -ErrorAction SilentlyContinue | Select-Object -Last 1
$client = Get-ChildItem -Path $From -Filter "sio_server_client-*.whl" -ErrorAction SilentlyContinue | Select-Object -Last 1
$pip = ".venv\Scripts\python.exe"
if ($server -and $client) {
    Invoke-Checked $pip -m pip install --disable-pip-version-check $client.FullName $server.FullName
} else {
    # Without the part in C, which wants a compiler; and where the console was not built, / shows a plain page in its place.
    $env:SIO_BUILD_PURE = "1"
    Invoke-Checked $pip -m pip install --disable-pip-version-check --editable client --editable .
}

Write-Host "Installed. Start the server with .\start.ps1"
if ($Start -or (Read-Host "Start it now? [y/N]") -match "^[ysYS]") { .\start.ps1 }
