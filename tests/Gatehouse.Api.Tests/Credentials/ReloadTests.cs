using Gatehouse.Api.Credentials;
using Gatehouse.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Api.Tests.Credentials;

public sealed class ReloadTests : IDisposable
{
    private readonly TestCluster cluster = new();
    private readonly TemporaryFolder folder = new();

    public void Dispose()
    {
        cluster.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void The_same_content_is_no_change_and_a_new_one_is_taken_whole()
    {
        var path = folder.Write("identity", cluster.Identity());
        var source = CredentialSource.FromIdentityFile(path);
        var first = source.Current;

        Assert.Equal(new ReloadResult(false, null), source.Reload());
        Assert.Same(first, source.Current);

        folder.Write("identity", cluster.Identity());
        Assert.Equal(new ReloadResult(true, null), source.Reload());
        Assert.NotEqual(first.Certificate.Thumbprint, source.Current.Certificate.Thumbprint);
    }

    [Fact]
    public void A_half_written_file_leaves_the_old_credential_until_it_is_whole()
    {
        var path = folder.Write("identity", cluster.Identity());
        var source = CredentialSource.FromIdentityFile(path);
        var first = source.Current;
        var next = cluster.Identity();

        foreach (var length in new[] { 0, 100, next.Length / 2, next.Length - 20 })
        {
            folder.Write("identity", next[..length]);
            var result = source.Reload();
            Assert.False(result.Changed);
            Assert.StartsWith($"identity file {path} could not be decoded: ", result.Problem, StringComparison.Ordinal);
            Assert.Same(first, source.Current);
        }

        folder.Write("identity", next);
        Assert.True(source.Reload().Changed);
    }

    [Fact]
    public void A_file_that_is_gone_leaves_the_old_credential()
    {
        var path = folder.Write("identity", cluster.Identity());
        var source = CredentialSource.FromIdentityFile(path);
        var first = source.Current;

        File.Delete(path);

        Assert.Equal(new ReloadResult(false, $"{path}: no such file"), source.Reload());
        Assert.Same(first, source.Current);
    }

    [Fact]
    public void A_source_without_credential_tries_again_when_asked()
    {
        var source = CredentialSource.FromIdentityFile(folder["identity"]);
        Assert.Throws<CredentialException>(() => source.Current);

        folder.Write("identity", cluster.Identity());

        Assert.Equal("example.test", source.Current.ClusterName);
    }

    [Fact]
    public void A_symbolic_link_that_is_swapped_is_noticed()
    {
        folder.Write("one", cluster.Identity());
        folder.Write("two", cluster.Identity());
        File.CreateSymbolicLink(folder["identity"], folder["one"]);
        var source = CredentialSource.FromIdentityFile(folder["identity"]);
        _ = source.Current;

        File.CreateSymbolicLink(folder["next"], folder["two"]);
        File.Move(folder["next"], folder["identity"], overwrite: true);

        Assert.True(source.Reload().Changed);
    }

    [Fact]
    public void An_expired_credential_replaces_a_good_one_only_when_that_has_ended_too()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var source = CredentialSource.FromIdentityFile(folder.Write("identity", cluster.Identity()), time);
        var first = source.Current;
        folder.Write("identity", cluster.Identity(notAfter: DateTimeOffset.UtcNow.AddMinutes(-5)));

        var result = source.Reload();
        Assert.False(result.Changed);
        Assert.Contains("expired credential found: the certificate for 'teleport-event-handler', issued by 'example.test' is not valid after", result.Problem, StringComparison.Ordinal);
        Assert.Same(first, source.Current);

        time.Advance(TimeSpan.FromDays(2));
        Assert.True(source.Reload().Changed);
    }

    [Fact]
    public void An_expired_credential_of_a_real_cluster_is_described_in_its_words()
    {
        var path = Repository.PathOf("tests", "data", "handler-golden", "credentials", "identity-expired");

        Assert.Equal(
            "expired credential found: the certificate for 'teleport-event-handler', issued by 'example.test' is not valid after '2026-11-21 00:35:31 +0000 UTC'",
            CredentialSource.FromIdentityFile(path).Current.ExpiryProblem(new DateTimeOffset(2026, 11, 24, 0, 0, 0, TimeSpan.Zero)));
    }

    [Fact]
    public void A_file_too_large_for_a_credential_is_refused()
    {
        var path = folder.Write("identity", new string('x', 1024 * 1024 + 1));

        Assert.Contains("larger than 1 MiB", CredentialSource.FromIdentityFile(path).Reload().Problem, StringComparison.Ordinal);
    }
}
