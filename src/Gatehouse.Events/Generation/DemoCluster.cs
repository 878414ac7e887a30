using System.Globalization;
using System.Text;

namespace Gatehouse.Events.Generation;

/// <summary>The people and resources of an imaginary company, the same throughout one generated log.</summary>
internal sealed class DemoCluster
{
    private static readonly string[] Names =
    [
        "alice", "amir", "anna", "ben", "bjørn", "carla", "chen", "dana", "deepak", "diego", "elena", "emeka", "fatima", "finn", "grace",
        "hana", "ines", "ivan", "jonas", "julia", "kai", "karim", "lara", "leo", "lin", "maria", "mateo", "mila", "nadia", "noah", "olga",
        "omar", "petra", "priya", "raj", "rosa", "sami", "sofia", "tom", "zoë",
    ];

    private static readonly string[] Teams = ["platform", "payments", "security", "data", "support"];
    private static readonly string[] Environments = ["prod", "prod", "staging", "dev"];
    private static readonly string[] ServerKinds = ["web", "api", "worker", "cache", "build", "bastion"];
    private static readonly string[] Apps = ["grafana", "wiki", "jenkins", "argo", "kibana", "billing"];

    private static readonly (string Name, string Protocol, string Uri, string Database)[] DatabaseKinds =
    [
        ("orders-prod", "postgres", "orders.db.example.test:5432", "orders"),
        ("accounts-prod", "postgres", "accounts.db.example.test:5432", "accounts"),
        ("analytics", "postgres", "analytics.db.example.test:5432", "warehouse"),
        ("shop", "mysql", "shop.db.example.test:3306", "shop"),
        ("legacy-crm", "mysql", "crm.db.example.test:3306", "crm"),
    ];

    public DemoCluster(string name, ulong seed)
    {
        var random = new Randomness(seed ^ 0x64656D6F);
        People = [.. Names.Select(user => Person(user, ref random))];
        Servers = [.. Enumerable.Range(0, 30).Select(i => Server($"{ServerKinds[i % ServerKinds.Length]}-{i / ServerKinds.Length + 1}", ref random))];
        Databases = [.. DatabaseKinds.Select(kind => Database(kind, name, ref random))];
        Kubes = [.. ((string[])["eks-prod", "eks-staging", "gke-data"]).Select(kube => Kube(kube, name, ref random))];
        Applications = [.. Apps.Select(app => App(app, ref random))];
        Desktops = [.. Enumerable.Range(1, 20).Select(i => Desktop(string.Create(CultureInfo.InvariantCulture, $"win-{i:00}"), ref random))];
        Base = new Scene();
        Base.Set(Slot.Cluster, name);
        Base.Set(Slot.Ei, "0");
    }

    public Scene Base { get; }

    public Scene[] People { get; }

    public Scene[] Servers { get; }

    public Scene[] Databases { get; }

    public Scene[] Kubes { get; }

    public Scene[] Applications { get; }

    public Scene[] Desktops { get; }

    /// <summary>The first three people run the place.</summary>
    public byte[] Admin(ref Randomness random) => People[random.Below(3)][Slot.User];

    private static Scene Person(string user, ref Randomness random)
    {
        var team = random.Pick(Teams);
        var login = random.Chance(30) ? "root" : random.Chance(50) ? "ubuntu" : user;
        var scene = new Scene();
        scene.Set(Slot.User, user);
        scene.Set(Slot.Login, login);
        scene.Set(Slot.Roles, $"""["access","{team}"]""");
        scene.Set(Slot.Traits, $$"""{"db_users":["reader","{{team}}_rw"],"kubernetes_groups":["{{team}}"],"logins":["{{login}}"]}""");
        scene.Set(Slot.Groups, $"""["{team}","system:authenticated"]""");
        scene.Set(Slot.Ip, string.Create(CultureInfo.InvariantCulture, $"203.0.113.{random.Below(250) + 2}"));
        scene.Set(Slot.DbUser, random.Chance(60) ? "reader" : $"{team}_rw");
        scene[Slot.DeviceId] = random.Uuid();
        return scene;
    }

    private static Scene Server(string host, ref Randomness random)
    {
        var scene = new Scene();
        scene[Slot.ServerId] = random.Uuid();
        scene.Set(Slot.Host, host);
        scene.Set(Slot.ServerAddr, string.Create(CultureInfo.InvariantCulture, $"10.10.{random.Below(8)}.{random.Below(250) + 2}:3022"));
        scene.Set(Slot.Labels, $$"""{"env":"{{random.Pick(Environments)}}","os":"linux","team":"{{random.Pick(Teams)}}"}""");
        return scene;
    }

    private static Scene Database((string Name, string Protocol, string Uri, string Database) kind, string cluster, ref Randomness random)
    {
        var scene = Agent(cluster, ref random);
        scene.Set(Slot.Db, kind.Name);
        scene.Set(Slot.DbProtocol, kind.Protocol);
        scene.Set(Slot.DbUri, kind.Uri);
        scene.Set(Slot.DbName, kind.Database);
        scene.Set(Slot.Labels, $$"""{"engine":"{{kind.Protocol}}","env":"prod"}""");
        return scene;
    }

    private static Scene Kube(string kube, string cluster, ref Randomness random)
    {
        var scene = Agent(cluster, ref random);
        scene.Set(Slot.Kube, kube);
        scene.Set(Slot.Labels, $$"""{"env":"{{random.Pick(Environments)}}","region":"eu-central-1"}""");
        return scene;
    }

    private static Scene App(string app, ref Randomness random)
    {
        var scene = new Scene();
        scene[Slot.ServerId] = random.Uuid();
        scene.Set(Slot.AppName, app);
        scene.Set(Slot.AppUri, $"http://{app}.internal:8080");
        scene.Set(Slot.AppAddr, $"{app}.example.test");
        scene.Set(Slot.Labels, """{"env":"prod"}""");
        return scene;
    }

    private static Scene Desktop(string desktop, ref Randomness random)
    {
        var scene = Server(desktop, ref random);
        scene.Set(Slot.ServerAddr, string.Create(CultureInfo.InvariantCulture, $"10.40.0.{random.Below(250) + 2}:3389"));
        scene.Set(Slot.Labels, """{"env":"office","teleport.dev/ou":"OU=Clients"}""");
        return scene;
    }

    // Database and Kubernetes traffic passes an agent that reports under the cluster's name.
    private static Scene Agent(string cluster, ref Randomness random)
    {
        var scene = new Scene();
        scene[Slot.ServerId] = random.Uuid();
        scene[Slot.Host] = Encoding.UTF8.GetBytes(cluster);
        return scene;
    }
}
