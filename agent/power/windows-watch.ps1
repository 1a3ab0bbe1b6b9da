# Prints one line per fact, a word and a number, once a second and at each change:
#   LID 0|1 (closed, open)   SLEEP 0|1   IDLE milliseconds   AC 0|1   BATTERY percent   DOCKED 0|1
# It ends when its input closes. Windows sends the lid's position once at registration and then at each change.
$ErrorActionPreference = 'Stop'
Add-Type -ReferencedAssemblies System.Windows.Forms -TypeDefinition @'
using System;
using System.Runtime.InteropServices;
using System.Threading;
using System.Windows.Forms;

public class PowerWindow : NativeWindow
{
    const int WM_POWERBROADCAST = 0x218;
    const int PBT_APMSUSPEND = 0x4;
    const int PBT_APMRESUMEAUTOMATIC = 0x12;
    const int PBT_POWERSETTINGCHANGE = 0x8013;
    // POWERBROADCAST_SETTING: a GUID of 16 bytes, a length of 4, then the value.
    const int VALUE_OFFSET = 20;
    static Guid lidSwitch = new Guid("BA3E0F4D-B817-4094-A2D1-D56379E6A0F3");

    [StructLayout(LayoutKind.Sequential)]
    struct LastInput { public uint Size; public uint Time; }

    [DllImport("user32.dll")]
    static extern bool GetLastInputInfo(ref LastInput info);

    [DllImport("user32.dll", SetLastError = true)]
    static extern IntPtr RegisterPowerSettingNotification(IntPtr window, ref Guid setting, int flags);

    // A hidden top-level window: sleep is not told to message-only windows.
    public PowerWindow()
    {
        CreateHandle(new CreateParams());
        RegisterPowerSettingNotification(Handle, ref lidSwitch, 0);
        Thread end = new Thread(EndWithInput);
        end.IsBackground = true;
        end.Start();
    }

    static void EndWithInput()
    {
        byte[] buffer = new byte[64];
        while (Console.OpenStandardInput().Read(buffer, 0, buffer.Length) > 0) { }
        Environment.Exit(0);
    }

    public static void Say(string word, long number)
    {
        Console.Out.WriteLine(word + " " + number);
        Console.Out.Flush();
    }

    public static void SayIdle()
    {
        LastInput info = new LastInput();
        info.Size = (uint)Marshal.SizeOf(info);
        if (GetLastInputInfo(ref info)) Say("IDLE", unchecked((uint)Environment.TickCount - info.Time));
    }

    protected override void WndProc(ref Message m)
    {
        if (m.Msg == WM_POWERBROADCAST)
        {
            int what = m.WParam.ToInt32();
            if (what == PBT_APMSUSPEND) Say("SLEEP", 1);
            if (what == PBT_APMRESUMEAUTOMATIC) Say("SLEEP", 0);
            if (what == PBT_POWERSETTINGCHANGE)
            {
                Guid setting = (Guid)Marshal.PtrToStructure(m.LParam, typeof(Guid));
                if (setting == lidSwitch) Say("LID", Marshal.ReadInt32(m.LParam, VALUE_OFFSET));
            }
        }
        base.WndProc(ref m);
    }
}
'@
Add-Type -AssemblyName System.Windows.Forms

function Say-Battery {
    $power = [System.Windows.Forms.SystemInformation]::PowerStatus
    if ($power.PowerLineStatus -ne 'Unknown') { [PowerWindow]::Say('AC', [int]($power.PowerLineStatus -eq 'Online')) }
    # 255 percent stands for "no battery".
    if ($power.BatteryLifePercent -le 1) { [PowerWindow]::Say('BATTERY', [math]::Round($power.BatteryLifePercent * 100)) }
}

function Say-Docked {
    # D3DKMDT_VIDEO_OUTPUT_TECHNOLOGY: LVDS, embedded DisplayPort, embedded UDI and "internal" are the built-in panel.
    $builtIn = 6, 11, 13, 2147483648
    try {
        $screens = Get-CimInstance -Namespace root/wmi -ClassName WmiMonitorConnectionParams
        $external = @($screens | Where-Object { $_.Active -and $builtIn -notcontains $_.VideoOutputTechnology })
        [PowerWindow]::Say('DOCKED', [int]($external.Count -gt 0))
    } catch { }
}

$window = New-Object PowerWindow
$timer = New-Object System.Windows.Forms.Timer
$timer.Interval = 1000
$script:tick = 0
$timer.add_Tick({
    [PowerWindow]::SayIdle()
    if ($script:tick % 5 -eq 0) { Say-Battery; Say-Docked }
    $script:tick++
})
$timer.Start()
[System.Windows.Forms.Application]::Run()
