# Keeps the system awake until its input closes. Prints "held" when it does, "refused" when Windows says no.
$ErrorActionPreference = 'Stop'
Add-Type -Namespace Errand -Name Awake -MemberDefinition @'
[System.Runtime.InteropServices.DllImport("kernel32.dll")]
public static extern uint SetThreadExecutionState(uint state);

// ES_CONTINUOUS | ES_SYSTEM_REQUIRED; it holds for the thread that asked, so the same method waits. Zero is a refusal.
public static void HoldUntilInputCloses()
{
    System.Console.Out.WriteLine(SetThreadExecutionState(0x80000001) == 0 ? "refused" : "held");
    System.Console.Out.Flush();
    byte[] buffer = new byte[64];
    while (System.Console.OpenStandardInput().Read(buffer, 0, buffer.Length) > 0) { }
}
'@
[Errand.Awake]::HoldUntilInputCloses()
