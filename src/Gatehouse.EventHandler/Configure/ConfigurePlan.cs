using System.Reflection;

namespace Gatehouse.EventHandler.Configure;

/// <summary>What <c>configure</c> is asked to write (event-handler 1.10).</summary>
public sealed record ConfigurePlan
{
    /// <summary>An existing directory.</summary>
    public required string OutDirectory { get; init; }

    /// <summary>Where the cluster is, as it goes into the TOML file.</summary>
    public string Addr { get; init; } = "localhost:3025";

    /// <summary>File name of the CA without its ending; below <see cref="OutDirectory"/>.</summary>
    public string CaName { get; init; } = "ca";

    public string ServerName { get; init; } = "server";

    public string ClientName { get; init; } = "client";

    /// <summary>How long the three certificates are valid.</summary>
    public TimeSpan Ttl { get; init; } = TimeSpan.FromHours(87600);

    /// <summary>Host names in the server's and the client's certificate; wildcards pass, none is allowed.</summary>
    public IReadOnlyList<string> DnsNames { get; init; } = ["localhost"];

    /// <summary>Addresses in both certificates. When empty, <see cref="DnsNames"/> are looked up and all their addresses taken.</summary>
    public IReadOnlyList<string> Ips { get; init; } = [];

    /// <summary>RSA bits: 1024, 2048 or 4096.</summary>
    public int KeyLength { get; init; } = 4096;

    /// <summary>Common name of the server's certificate; null for "Server".</summary>
    public string? CommonName { get; init; }

    /// <summary>Replaces existing files without asking.</summary>
    public bool Force { get; init; }

    /// <summary>
    /// Gives the password of the server key as it was piped in, byte for byte; empty leaves the key unencrypted, null has one made.
    /// <see cref="StandardInputPassword.ReadAsync"/> is the usual one.
    /// </summary>
    public Func<CancellationToken, ValueTask<byte[]?>> ReadPassword { get; init; } = _ => ValueTask.FromResult<byte[]?>(null);

    /// <summary>How the program was called; stands before each error.</summary>
    public string App { get; init; } = "gatehouse";

    /// <summary>The first line printed.</summary>
    public string Header { get; init; } = $"Teleport event handler {Version}";

    private static string Version =>
        typeof(ConfigurePlan).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
}
