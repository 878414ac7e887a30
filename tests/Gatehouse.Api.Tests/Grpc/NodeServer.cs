namespace Gatehouse.Api.Tests.Grpc;

/// <summary>One node server for the tests of a class that leave it alive. Started by the first test, which can then skip where node is missing.</summary>
public sealed class NodeServer : IAsyncDisposable
{
    private NodePeer? _peer;

    internal async ValueTask<NodePeer> GetAsync() => _peer ??= await NodePeer.StartServerAsync();

    public ValueTask DisposeAsync() => _peer?.DisposeAsync() ?? ValueTask.CompletedTask;
}
