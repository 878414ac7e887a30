using System.Net;
using System.Net.Sockets;
using Gatehouse.Hosting.Settings;

namespace Gatehouse.EventHandler.Configure;

/// <summary>Everything wrong with a plan, at once. Upstream checks little here and writes certificates that nobody accepts.</summary>
internal static class ConfigurePlanCheck
{
    public static IReadOnlyList<ConfigurationProblem> Check(ConfigurePlan plan, DateTimeOffset now)
    {
        var problems = new List<ConfigurationProblem>();
        void Add(string key, string text, string? hint = null) => problems.Add(new ConfigurationProblem(key, text, hint));

        if (File.Exists(plan.OutDirectory))
            Add("<out>", $"<out>: \"{plan.OutDirectory}\" exists but is not a directory");
        else if (!Directory.Exists(plan.OutDirectory))
            Add("<out>", $"<out>: stat {plan.OutDirectory}: no such file or directory", "make the directory first");

        if (plan.Ttl <= TimeSpan.Zero)
            Add("--ttl", $"--ttl: must be greater than zero but got {plan.Ttl.TotalHours:0.##}h", "certificates of it would have expired");
        else if (plan.Ttl > DateTimeOffset.MaxValue - now.AddDays(1))
            Add("--ttl", "--ttl: reaches past the year 9999");
        if (plan.KeyLength is not (1024 or 2048 or 4096))
            Add("--length", $"--length must be one of \"1024\",\"2048\",\"4096\" but got '{plan.KeyLength}'");

        foreach (var ip in plan.Ips.Where(ip => ParseIp(ip) is null))
            Add("--ip", $"--ip: \"{ip}\" is not an IP address", "write 10.1.2.3 or 2001:db8::1");
        foreach (var name in plan.DnsNames.Where(name => !IsDnsName(name)))
            Add("--dns-names", $"--dns-names: \"{name}\" is not a DNS name", "letters, digits and hyphens between dots; *. may lead");
        if (plan.CommonName is { } cn && (cn.Length is 0 or > 64 || cn.Any(char.IsControl)))
            Add("--cn", "--cn: a common name has 1 to 64 characters");

        string[] names = [plan.CaName, plan.ServerName, plan.ClientName];
        foreach (var name in names.Where(name => Path.GetFileName(name).Length == 0 || name.Any(char.IsControl)))
            Add("name", $"\"{name}\" cannot be the name of a certificate file");
        if (names.Distinct(StringComparer.Ordinal).Count() < names.Length)
            Add("name", "<ca-name>, <server-name> and <client-name> must differ", "their files would overwrite one another");
        return problems;
    }

    /// <summary>An address in its full form, its scope left out; null when it is none. "1" or "10.1" are none, whatever inet_aton thinks.</summary>
    public static IPAddress? ParseIp(string text)
    {
        if (!IPAddress.TryParse(text, out var address))
            return null;
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return text.Count(c => c == '.') == 3 && text.All(c => char.IsAsciiDigit(c) || c == '.') ? address : null;
        return new IPAddress(address.GetAddressBytes());
    }

    private static bool IsDnsName(string name)
    {
        var labels = (name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name).Split('.');
        return name.Length <= 253 && labels.All(label =>
            label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-' && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'));
    }
}
