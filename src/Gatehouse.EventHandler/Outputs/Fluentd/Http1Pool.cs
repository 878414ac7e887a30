using System.Net.Sockets;

namespace Gatehouse.EventHandler.Outputs.Fluentd;

/// <summary>Kept HTTP/1.1 connections, the one used last first, so that a quiet time lets the others go.</summary>
internal sealed class Http1Pool : IDisposable
{
    /// <summary>Fluentd closes after 10 idle seconds; a request sent into a closing connection costs a retry.</summary>
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(8);

    /// <summary>So that a changed address record or TLS file reaches every connection some time.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    private readonly TimeProvider _time;
    private readonly ITimer _sweep;
    private readonly Lock _gate = new();
    private readonly List<Http1Connection> _idle = [];
    private bool _disposed;

    public Http1Pool(TimeProvider time)
    {
        _time = time;
        _sweep = time.CreateTimer(_ => Sweep(), null, IdleTimeout / 4, IdleTimeout / 4);
    }

    /// <returns>Null when there is none that can be used.</returns>
    public Http1Connection? Take()
    {
        while (true)
        {
            Http1Connection connection;
            lock (_gate)
            {
                if (_idle.Count == 0)
                    return null;
                connection = _idle[^1];
                _idle.RemoveAt(_idle.Count - 1);
            }
            // Whatever came unasked would be taken for the answer to the next request: an event would count as delivered by mistake.
            if (!IsStale(connection) && !connection.HasNews)
                return connection;
            connection.Dispose();
        }
    }

    public Http1Connection Add(Stream stream, Socket socket) => new(stream, socket, _time.GetTimestamp());

    /// <summary>Takes a connection back, or closes it when its last exchange does not allow another.</summary>
    public void Return(Http1Connection connection)
    {
        connection.IdleSince = _time.GetTimestamp();
        lock (_gate)
        {
            if (!_disposed && connection.IsReusable)
            {
                _idle.Add(connection);
                return;
            }
        }
        connection.Dispose();
    }

    public void Dispose()
    {
        _sweep.Dispose();
        lock (_gate)
        {
            _disposed = true;
            foreach (var connection in _idle)
                connection.Dispose();
            _idle.Clear();
        }
    }

    private bool IsStale(Http1Connection connection) =>
        _time.GetElapsedTime(connection.IdleSince) >= IdleTimeout || _time.GetElapsedTime(connection.Opened) >= Lifetime;

    private void Sweep()
    {
        lock (_gate)
        {
            _idle.RemoveAll(connection =>
            {
                var stale = IsStale(connection);
                if (stale)
                    connection.Dispose();
                return stale;
            });
        }
    }
}
