using System.Net;
using System.Net.Sockets;

namespace Gatehouse.EventHandler.Configure;

/// <summary>
/// <c>configure</c>: certificates for mutual TLS with Fluentd, and sample files for both sides and the cluster (event-handler 2).
/// </summary>
/// <remarks>
/// 1. Check the plan, and what exists already. 2. Look up addresses. 3. Take the password. 4. Make keys and certificates in memory.
/// 5. Ask about existing files. 6. Write, and say so step by step. Up to 5 nothing is written; the certificates, their keys and
/// fluent.conf, which holds the password of one of them, are replaced all together or not at all.
/// </remarks>
public sealed class ConfigureCommand
{
    private const int Failure = 255;

    private readonly ConfigurePlan _plan;
    private readonly TextWriter _stdout;
    private readonly TextWriter _stderr;
    private readonly Func<string, CancellationToken, ValueTask<string?>>? _ask;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;
    private readonly TimeProvider _time;
    private readonly string _directory;
    private int _step;

    internal ConfigureCommand(
        ConfigurePlan plan,
        TextWriter stdout,
        TextWriter stderr,
        Func<string, CancellationToken, ValueTask<string?>>? ask,
        Func<string, CancellationToken, Task<IPAddress[]>> resolve,
        TimeProvider time)
    {
        (_plan, _stdout, _stderr, _ask, _resolve, _time) = (plan, stdout, stderr, ask, resolve, time);
        _directory = Path.GetFullPath(plan.OutDirectory);
        Certificates = new FileSet([
            .. new[] { plan.CaName, plan.ServerName, plan.ClientName }
                .SelectMany(name => new[] { SampleFiles.FilePath(_directory, name, ".crt"), SampleFiles.FilePath(_directory, name, ".key") }),
            FluentConf]);
    }

    /// <summary>The six certificate files, then fluent.conf.</summary>
    private FileSet Certificates { get; }

    private string FluentConf => Path.Combine(_directory, "fluent.conf");

    private string Role => Path.Combine(_directory, "teleport-event-handler-role.yaml");

    private string Toml => Path.Combine(_directory, "teleport-event-handler.toml");

    private string HelmValues => Path.Combine(_directory, "teleport-plugin-event-handler-values.yaml");

    /// <param name="stdout">Gets the steps.</param>
    /// <param name="stderr">Gets one line for each thing that is wrong.</param>
    /// <param name="ask">Puts a question on a terminal and gives the answer's line, null for none; itself null when there is no terminal.</param>
    /// <returns>The exit code: 0, or 255 when nothing was written.</returns>
    public static Task<int> RunAsync(
        ConfigurePlan plan,
        TextWriter stdout,
        TextWriter stderr,
        Func<string, CancellationToken, ValueTask<string?>>? ask,
        CancellationToken cancellation) =>
        new ConfigureCommand(plan, stdout, stderr, ask, Dns.GetHostAddressesAsync, TimeProvider.System).RunAsync(cancellation);

    internal async Task<int> RunAsync(CancellationToken cancellation)
    {
        // 1
        var now = _time.GetUtcNow();
        var problems = ConfigurePlanCheck.Check(_plan, now);
        if (problems.Count > 0)
            return await FailAsync(problems.Select(problem => problem.ToString()));
        string[] existing = [.. Certificates.Existing, .. new[] { Role, Toml, HelmValues }.Where(Path.Exists)];
        if (existing.Length > 0 && !_plan.Force && _ask is null)
        {
            return await FailAsync([
                $"files exist and would be overwritten: {string.Join(", ", existing.Select(Shown))}; nothing was written. " +
                "Give --force to replace them all, or another directory"]);
        }

        // 2
        var (addresses, unknown) = await AddressesAsync(cancellation);
        if (unknown is not null)
            return await FailAsync([unknown]);

        // 3
        var piped = await _plan.ReadPassword(cancellation);
        var (password, refused) = piped is null ? (KeyPassword.Random(), null) : KeyPassword.From(piped);
        if (password is null)
            return await FailAsync([refused!]);

        // 4
        using var certificates = await MutualTlsCertificates.CreateAsync(_plan, addresses, now, cancellation);

        // 5, 6
        await _stdout.WriteLineAsync(_plan.Header);
        await _stdout.WriteLineAsync();
        try
        {
            return await WriteAsync(certificates, password, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return await FailAsync([e.Message]);
        }
    }

    private async Task<int> WriteAsync(MutualTlsCertificates certificates, KeyPassword password, CancellationToken cancellation)
    {
        (FileSet Set, string[] Texts)[] all =
        [
            (Certificates,
            [
                certificates.Ca.CertificatePem, certificates.Ca.KeyPem,
                certificates.Server.CertificatePem,
                password.Text.Length == 0 ? certificates.Server.KeyPem : EncryptedPem.Write(certificates.Server.Key, password.Bytes),
                certificates.Client.CertificatePem, certificates.Client.KeyPem,
                SampleFiles.FluentConf(_plan, password),
            ]),
            (new FileSet([Role]), [SampleFiles.Role]),
            (new FileSet([Toml]), [SampleFiles.Toml(_plan, _directory)]),
            (new FileSet([HelmValues]), [SampleFiles.HelmValues(_plan)]),
        ];
        var wanted = new bool[all.Length];
        for (var i = 0; i < all.Length; i++)
            wanted[i] = await MayWriteAsync(all[i].Set, cancellation);
        await FileWriter.WriteAsync(
            [.. all.Where((_, i) => wanted[i]).SelectMany(one => one.Set.Paths.Zip(one.Texts))],
            cancellation);

        await SayAsync(wanted[0], $"mTLS Fluentd certificates {string.Join(", ", Certificates.Paths.SkipLast(1).Select(Shown))}");
        await SayAsync(wanted[1], $"sample teleport-event-handler role and user file {Shown(Role)}");
        await SayAsync(wanted[0], $"sample fluentd configuration file {Shown(FluentConf)}");
        await SayAsync(wanted[2], $"plugin configuration file {Shown(Toml)}");
        await SayAsync(wanted[3], $"plugin helm configuration file {Shown(HelmValues)}");
        await _stdout.WriteLineAsync("\nFollow-along with our getting started guide:\n\nhttps://goteleport.com/docs/management/export-audit-events/fluentd/");
        return 0;
    }

    /// <summary>As upstream, only the answer <c>y</c> overwrites; but one question covers files that belong together.</summary>
    private async Task<bool> MayWriteAsync(FileSet set, CancellationToken cancellation)
    {
        if (_plan.Force || set.Existing.FirstOrDefault() is not { } first)
            return true;
        if (set.Paths.Count > 1)
            await _stdout.WriteLineAsync("The certificates, their keys and fluent.conf belong together and are replaced all or none.");
        // A file that came up since the first look, with nobody to ask, stays.
        return _ask is not null && await _ask($"? Do you want to overwrite {first}? [y/N]", cancellation) == "y";
    }

    private Task SayAsync(bool written, string what) => _stdout.WriteLineAsync($"[{++_step}] {(written ? "Generated" : "Kept")} {what}");

    private async Task<(IReadOnlyList<IPAddress> Addresses, string? Problem)> AddressesAsync(CancellationToken cancellation)
    {
        if (_plan.Ips.Count > 0)
            return ([.. _plan.Ips.Select(ip => ConfigurePlanCheck.ParseIp(ip)!).Distinct()], null);
        var found = new List<IPAddress>();
        foreach (var name in _plan.DnsNames)
        {
            try
            {
                // Without the scope, which a certificate cannot carry.
                found.AddRange((await _resolve(name, cancellation)).Select(address => new IPAddress(address.GetAddressBytes())));
            }
            catch (SocketException e)
            {
                return ([], $"lookup {name}: {(e.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData ? "no such host" : e.Message)}; " +
                    "give the addresses with --ip, then no name is looked up");
            }
        }
        return ([.. found.Distinct()], null);
    }

    private async Task<int> FailAsync(IEnumerable<string> problems)
    {
        foreach (var problem in problems)
            await _stderr.WriteLineAsync($"{_plan.App}: error: {problem}");
        return Failure;
    }

    /// <summary>Relative to the working directory, unless that leads upwards.</summary>
    private static string Shown(string path)
    {
        var relative = Path.GetRelativePath(Directory.GetCurrentDirectory(), path);
        return relative.Contains("..", StringComparison.Ordinal) ? path : relative;
    }
}
