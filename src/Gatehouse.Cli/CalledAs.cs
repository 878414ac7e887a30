using System.Text;

namespace Gatehouse.Cli;

/// <summary>The name this process was started by.</summary>
internal static class CalledAs
{
    /// <summary>
    /// Last part of argv[0] as the process got it. Neither the resolved path nor what .NET passes on will do: behind an alias both name
    /// the real file.
    /// </summary>
    public static string Name()
    {
        try
        {
            // Linux; elsewhere there is no such file and .NET's own view has to do.
            var raw = File.ReadAllBytes("/proc/self/cmdline");
            var end = Array.IndexOf(raw, (byte)0);
            return Path.GetFileName(Encoding.UTF8.GetString(raw, 0, end < 0 ? raw.Length : end));
        }
        catch (IOException)
        {
            return Path.GetFileName(Environment.GetCommandLineArgs()[0]);
        }
    }
}
