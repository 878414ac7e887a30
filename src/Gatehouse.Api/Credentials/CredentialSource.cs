namespace Gatehouse.Api.Credentials;

/// <summary>Where credentials come from, and the newest that parsed. A half-written file never replaces a working credential.</summary>
public abstract class CredentialSource
{
    /// <summary>An identity file (teleport-wire 1.1).</summary>
    public static CredentialSource FromIdentityFile(string path, TimeProvider? time = null) =>
        new FileCredentialSource(
            $"identity file {path}",
            [path],
            files => IdentityFile.Parse(files[0]),
            time ?? TimeProvider.System);

    /// <summary>Three PEM files: certificate, key, host CAs.</summary>
    public static CredentialSource FromKeyPair(string certificatePath, string keyPath, string authoritiesPath, TimeProvider? time = null) =>
        new FileCredentialSource(
            $"certificate {certificatePath}, key {keyPath}, CA {authoritiesPath}",
            [certificatePath, keyPath, authoritiesPath],
            files => KeyPair.Parse(files[0], files[1], files[2]),
            time ?? TimeProvider.System);

    /// <summary>The newest credential that parsed.</summary>
    /// <exception cref="CredentialException">None has parsed so far.</exception>
    public abstract ClusterCredentials Current { get; }

    /// <summary>Reads the files again; on failure the old credential stays.</summary>
    /// <returns>What happened: changed, unchanged, or why it could not be read.</returns>
    public abstract ReloadResult Reload();

    /// <summary>Files in words, for log lines.</summary>
    public abstract string Description { get; }
}

/// <param name="Changed">A different credential is in force now.</param>
/// <param name="Problem">Why the files could not be used; null when they could.</param>
public sealed record ReloadResult(bool Changed, string? Problem);
