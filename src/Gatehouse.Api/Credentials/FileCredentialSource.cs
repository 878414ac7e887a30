using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Api.Credentials;

/// <summary>
/// Credentials parsed from files. The content is compared, not the modification time: tbot rewrites in place and Kubernetes swaps
/// symbolic links. What parses replaces the old credential whole; anything else leaves it in force.
/// </summary>
internal sealed class FileCredentialSource(
    string description,
    IReadOnlyList<string> files,
    Func<string[], ClusterCredentials> parse,
    TimeProvider time) : CredentialSource
{
    /// <summary>The largest credentials seen (many trusted clusters) are some tens of KiB.</summary>
    private const int MaxFileBytes = 1024 * 1024;

    private readonly Lock _gate = new();
    private ClusterCredentials? _current;
    private byte[] _currentHash = [];

    public override string Description => description;

    public override ClusterCredentials Current
    {
        get
        {
            lock (_gate)
                return _current ?? Load();
        }
    }

    public override ReloadResult Reload()
    {
        lock (_gate)
        {
            var old = _current;
            try
            {
                return new ReloadResult(!ReferenceEquals(Load(), old), null);
            }
            catch (CredentialException e)
            {
                return new ReloadResult(false, e.Message);
            }
        }
    }

    private ClusterCredentials Load()
    {
        var texts = files.Select(Read).ToArray();
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', texts)));
        if (_current is not null && hash.AsSpan().SequenceEqual(_currentHash))
            return _current;

        var parsed = Parse(texts);
        var now = time.GetUtcNow();
        if (_current?.ExpiryProblem(now) is null && _current is not null && parsed.ExpiryProblem(now) is { } problem)
            throw new CredentialException($"{description}: {problem}; the credential in force is still good and stays");
        (_current, _currentHash) = (parsed, hash);
        return parsed;
    }

    private ClusterCredentials Parse(string[] texts)
    {
        try
        {
            return parse(texts);
        }
        catch (CredentialException e)
        {
            throw new CredentialException($"{description} could not be decoded: {e.Message}", e);
        }
    }

    private static string Read(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var buffer = new byte[stream.CanSeek ? Math.Clamp(stream.Length + 1, 4096, MaxFileBytes + 1) : MaxFileBytes + 1];
            var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return length <= MaxFileBytes
                ? Encoding.UTF8.GetString(buffer, 0, length)
                : throw new CredentialException($"{path} is larger than 1 MiB and surely no credential");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CredentialException($"{path}: no such file", e);
        }
        catch (UnauthorizedAccessException e)
        {
            // .NET reports a directory this way, too.
            throw new CredentialException(Directory.Exists(path) ? $"{path} is a directory" : $"{path}: permission denied", e);
        }
        catch (IOException e)
        {
            throw new CredentialException($"{path} cannot be read: {e.Message}", e);
        }
    }
}
