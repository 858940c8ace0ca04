#!/usr/bin/env python3
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204, ANN206, ARG001, ARG002, ARG005, B905, BLE001, C901, E402, EXE001, FBT002, I001, ICN001, N802, PLR0911, PLR0912, PLR0913, PLR0915, PLR0917, Q000, RET502, RUF005, RUF012, RUF100, S608, SIM102, SIM108, SIM115, SLF001, T201, UP031
# mypy: ignore-errors
# fmt: off
"""All-in-one real Nova (API, conductor, scheduler, N computes, placement) in
ONE process: fake virt driver, in-memory SQLite, in-memory RPC, served over
real HTTP on 127.0.0.1.  Neutron / Glance / Cinder are Nova's own test stubs.

  nova_server.py --port 8774 --control-port 8775 [options]

Tokens (header X-Auth-Token), noauth2 style, no keystone:
  USER:PROJECT             roles member,reader; USER 'admin' -> admin,member,reader
  USER:PROJECT:r1,r2       explicit roles

Control server (second loopback port, JSON in / JSON out):
  GET    /health                     versions, pid, rss, counters
  GET    /servers/ID                 raw DB row (vm_state, task_state, ...)
  PUT    /servers/ID                 write raw DB columns (vm_state, task_state,
                                     power_state, locked_by, launched_at, host...)
                                     plus "restore": NAME (first restore that
                                     checkpoint), "host_down": bool,
                                     "migration_status": STATUS
  PUT    /mode                       {"casts": "deliver|drop|queue", "settle": bool}
  GET    /queue ; POST /pump {"n":1} list / deliver held RPC casts (casts=queue)
  POST   /quiesce {"timeout":30}     wait until nothing is running or queued
  PUT    /delays {"power_off":1.5}   sleep in fake driver methods
  PUT    /holds  ["power_off"]       block in fake driver methods until released
  POST   /release ["power_off"]      (empty list = all); GET /holds shows blocked
  PUT    /fail {"power_off":"nova.exception.X"}  raise in fake driver method
                                     (delays and fails: a key "power_off UUID"
                                     strikes that server only)
  POST   /periodic {"task":"_sync_power_states"}  run a compute manager's
                                     periodic task on every host, now
  PUT    /guest/ID {"power_state":"SHUTDOWN"}  what the hypervisor says of a
                                     guest, e.g. that it powered itself off
  POST   /clock {"advance":3600}     let Nova's clock jump ahead (seconds)
  POST   /cleanup_evacuated {"host":"host1"}  what a restarted nova-compute does
                                     (needed before forced_down can be unset)
  PUT    /conf {"group":null,"key":"reclaim_instance_interval","value":3600}
  PUT    /policy {"file":"policy.yaml"}  the deployment's policy file from now
                                     on (null: none, Nova's defaults)
  POST   /checkpoint {"name":"a"} ; POST /restore {"name":"a"}   whole world
"""
import argparse
import os
import shutil
import sys
import tempfile
import time

T0 = time.time()

ap = argparse.ArgumentParser()
ap.add_argument('--port', type=int, default=8774)
ap.add_argument('--control-port', type=int, default=8775)
ap.add_argument('--computes', type=int, default=3)
ap.add_argument('--driver', default='fake.FakeDriver',
                help='fake.FakeDriver (huge), fake.MediumFakeDriver, ...')
ap.add_argument('--casts', default='deliver',
                choices=['deliver', 'drop', 'queue'])
ap.add_argument('--settle', action='store_true',
                help='hold each API reply until the cloud is quiescent')
ap.add_argument('--delay', action='append', default=[],
                metavar='METHOD=SECONDS')
ap.add_argument('--shelved-offload-time', type=int, default=-1)
ap.add_argument('--reclaim', type=int, default=3600,
                help='reclaim_instance_interval (>0: DELETE = soft delete)')
ap.add_argument('--power-states', choices=['fixed', 'asis'], default='fixed',
                help="FakeDriver.pause/suspend do not change power_state; "
                     "'fixed' makes them report PAUSED / SHUTDOWN (libvirt)")
ap.add_argument('--notifications', default=None, metavar='FILE',
                help='append every notification that Nova emits, legacy and '
                     'versioned, to FILE, a JSON object a line (default: Nova '
                     'emits none)')
ap.add_argument('--clock-rate', type=float, default=1.0,
                help="let Nova's clock run this many times faster")
ap.add_argument('--clock-start', default=None, metavar='ISO',
                help="what Nova's clock says at the start (default: now)")
ap.add_argument('--policy', default=None, metavar='FILE',
                help="the deployment's policy file (default: none)")
ap.add_argument('--tmp', default=None, metavar='DIR',
                help='scratch folder, kept (default: a fresh temporary one, '
                     'removed at the end)')
ap.add_argument('--log', default=None,
                help='log file (default: nova-PORT.log in the scratch folder)')
ap.add_argument('--debug', action='store_true')
ARGS = ap.parse_args()
sys.argv = sys.argv[:1]

if ARGS.tmp:
    TMP = os.path.abspath(ARGS.tmp)
    os.makedirs(TMP, exist_ok=True)
else:
    TMP = tempfile.mkdtemp(prefix='nova-server-')
os.environ['TMPDIR'] = tempfile.tempdir = TMP
os.environ.setdefault('OS_LOG_CAPTURE', '0')
sys.dont_write_bytecode = False

import logging as std_logging  # noqa: E402

# importing nova.tests.functional monkey-patches (eventlet) first
import nova.tests.functional  # noqa: E402,F401
import eventlet  # noqa: E402
import eventlet.wsgi  # noqa: E402

import collections  # noqa: E402
import copy  # noqa: E402
import datetime  # noqa: E402
import gc  # noqa: E402
import json  # noqa: E402
import signal  # noqa: E402
import sqlite3  # noqa: E402
import threading  # noqa: E402
import warnings  # noqa: E402

import fixtures  # noqa: E402
import oslo_messaging as messaging  # noqa: E402
from neutronclient.common import exceptions as neutron_exc  # noqa: E402
from oslo_messaging._drivers import impl_fake  # noqa: E402
from oslo_messaging.notify import _impl_test as notify_test  # noqa: E402
from oslo_messaging.rpc import client as rpc_client  # noqa: E402
from oslo_messaging.rpc import server as rpc_server  # noqa: E402
from oslo_utils import importutils  # noqa: E402
from oslo_utils import timeutils  # noqa: E402

from nova import context as nova_context  # noqa: E402
from nova import exception  # noqa: E402
from nova import policy as nova_policy  # noqa: E402
from nova import rpc as nova_rpc  # noqa: E402
from nova import test  # noqa: E402
from nova import thread_pool_factory  # noqa: E402
from nova.api.openstack import common as api_common  # noqa: E402
from nova.api import wsgi as api_wsgi  # noqa: E402
from nova.api.openstack import wsgi_app  # noqa: E402
from nova.compute import power_state  # noqa: E402
from nova.tests import fixtures as nf  # noqa: E402
from nova.tests.functional import fixtures as ff  # noqa: E402
from nova.virt import fake as fake_virt  # noqa: E402

CONF = test.CONF
LOGFILE = ARGS.log or os.path.join(TMP, 'nova-%d.log' % ARGS.port)

# test.py turns message-format errors into raises; a real nova only logs them
exception.NovaException._log_exception = (
    test.NovaExceptionReraiseFormatError.real_log_exception)


# --------------------------------------------------------------------------
# control state
# --------------------------------------------------------------------------
class Ctl:
    casts = ARGS.casts
    settle = ARGS.settle
    queue = []            # held casts
    inflight = 0          # RPC messages delivered but not fully processed
    tasks = 0             # executor tasks running
    http = 0
    requests = 0
    delays = {}
    holds = set()
    fails = {}
    blocked = {}          # id -> (method, instance uuid, Event)
    dropped = 0
    delivered = 0
    checkpoints = {}
    bells = set()


for d in ARGS.delay:
    k, v = d.split('=')
    Ctl.delays[k] = float(v)


def _ring():
    for ev in list(Ctl.bells):
        ev.set()


# ---- in-memory RPC: event driven instead of a 50 ms poll, and counted -----
def _poll(self, timeout=None):
    deadline = None if timeout is None else time.time() + timeout
    ev = threading.Event()
    Ctl.bells.add(ev)
    try:
        while not self._stopped.is_set():
            ev.clear()
            for target in self._targets:
                exchange = self._exchange_manager.get_exchange(target.exchange)
                ctxt, message, reply_q, requeue = exchange.poll(
                    target, self._pool)
                if message is not None:
                    return [impl_fake.FakeIncomingMessage(
                        ctxt, message, reply_q, requeue)]
            pause = 0.2
            if deadline is not None:
                pause = min(pause, deadline - time.time())
                if pause <= 0:
                    break
            ev.wait(pause)
        return None
    finally:
        Ctl.bells.discard(ev)


def _batch_poll(self, timeout=None, batch_size=1, batch_timeout=None):
    return _poll(self, timeout) or []


impl_fake.FakeListener.poll = _batch_poll

_orig_deliver = impl_fake.FakeExchange.deliver_message


def _deliver(self, topic, ctxt, message, server=None, fanout=False,
             reply_q=None):
    with self._queues_lock:
        if fanout:
            n = len([1 for t in self._server_queues if t[0] == topic])
        else:
            n = 1
        Ctl.inflight += n
        _orig_deliver(self, topic, ctxt, message, server=server,
                      fanout=fanout, reply_q=reply_q)
    _ring()


impl_fake.FakeExchange.deliver_message = _deliver

_orig_process = rpc_server.RPCServer._process_incoming


def _process(self, incoming):
    try:
        return _orig_process(self, incoming)
    finally:
        Ctl.inflight -= 1


rpc_server.RPCServer._process_incoming = _process

HELD_TOPICS = ('compute', 'compute-alt', 'conductor')


def _cast(self, ctxt, method, **kwargs):
    if Ctl.casts != 'deliver' and self.target.topic in HELD_TOPICS:
        # serialise now, as a real cast would
        msg = self._make_message(ctxt, method, kwargs)
        msg_ctxt = self.serializer.serialize_context(ctxt)
        self._check_version_cap(msg.get('version'))
        json.dumps(msg, default=str)
        if Ctl.casts == 'drop':
            Ctl.dropped += 1
            return
        msg = copy.deepcopy(msg)
        Ctl.queue.append((self.target.topic, self.target.server, method,
                          lambda: self.transport._send(
                              self.target, msg_ctxt, msg, retry=self.retry,
                              transport_options=self.transport_options)))
        return
    Ctl.delivered += 1
    return _orig_cast(self, ctxt, method, **kwargs)


_orig_cast = rpc_client._BaseCallContext.cast
rpc_client._BaseCallContext.cast = _cast
# RPCClient.cast = self.prepare().cast -> goes through the patched one


def _track(name):
    orig = getattr(thread_pool_factory, name)

    def wrapper(*a, **kw):
        fut = orig(*a, **kw)
        Ctl.tasks += 1

        def done(_f):
            Ctl.tasks -= 1
        fut.add_done_callback(done)
        return fut
    setattr(thread_pool_factory, name, wrapper)


for _n in ('spawn', 'spawn_on'):
    if hasattr(thread_pool_factory, _n):
        _track(_n)


def idle():
    return (Ctl.inflight - len(Ctl.blocked) <= 0 and
            Ctl.tasks - len(Ctl.blocked) <= 0)


def quiesce(timeout=30.0):
    end = time.time() + timeout
    n = 0
    while time.time() < end:
        if Ctl.inflight == 0 and Ctl.tasks == 0:
            n += 1
            if n >= 2:
                return True
            eventlet.sleep(0)
            continue
        n = 0
        if Ctl.blocked and idle():
            return True
        eventlet.sleep(0.001)
    return False


# ---- fake driver hooks: delay / hold / fail --------------------------------
HOOKED = ['spawn', 'snapshot', 'reboot', 'set_admin_password', 'rescue',
          'unrescue', 'migrate_disk_and_power_off', 'finish_migration',
          'finish_revert_migration', 'confirm_migration', 'power_off',
          'power_on', 'trigger_crash_dump', 'soft_delete', 'restore', 'pause',
          'unpause', 'suspend', 'resume', 'destroy', 'cleanup',
          'live_migration', 'pre_live_migration',
          'post_live_migration_at_destination', 'get_console_output',
          'get_vnc_console']


def _hook(name):
    orig = getattr(fake_virt.FakeDriver, name)

    def wrapper(self, *a, **kw):
        inst = kw.get('instance')
        if inst is None:
            inst = next((x for x in a if hasattr(x, 'vm_state')), None)
        uuid = getattr(inst, 'uuid', None)
        if name in Ctl.holds:
            ev = threading.Event()
            key = id(ev)
            Ctl.blocked[key] = (name, uuid, ev)
            try:
                ev.wait()
            finally:
                Ctl.blocked.pop(key, None)
        one = '%s %s' % (name, uuid)
        delay = Ctl.delays.get(one) or Ctl.delays.get(name)
        if delay:
            time.sleep(delay)
        cls = Ctl.fails.get(one) or Ctl.fails.get(name)
        if cls:
            try:
                exc = importutils.import_class(cls)()
            except Exception:
                exc = Exception(cls)
            raise exc
        r = orig(self, *a, **kw)
        if ARGS.power_states == 'fixed' and uuid in self.instances:
            st = {'pause': power_state.PAUSED,
                  'unpause': power_state.RUNNING,
                  'suspend': power_state.SHUTDOWN,
                  'resume': power_state.RUNNING,
                  'rescue': power_state.RUNNING,
                  'unrescue': power_state.RUNNING,
                  'reboot': power_state.RUNNING,
                  'soft_delete': power_state.SHUTDOWN,
                  'restore': power_state.RUNNING,
                  'post_live_migration_at_destination': (
                      power_state.PAUSED if name.startswith('post_live') and
                      inst.vm_state == 'paused' else power_state.RUNNING),
                  'migrate_disk_and_power_off': power_state.SHUTDOWN,
                  }.get(name)
            if st is not None:
                self.instances[uuid].state = st
        return r
    wrapper.__name__ = name
    setattr(fake_virt.FakeDriver, name, wrapper)


for _n in HOOKED:
    _hook(_n)

# plain FakeDriver leaves the guest behind on a live migration's source
fake_virt.FakeDriver.post_live_migration = (
    fake_virt.FakeLiveMigrateDriver.post_live_migration)


# --------------------------------------------------------------------------
# Nova's clock, and what Nova says on the notification bus
# --------------------------------------------------------------------------
class Clock:
    base = (datetime.datetime.fromisoformat(ARGS.clock_start)
            if ARGS.clock_start else
            datetime.datetime.now(datetime.UTC).replace(tzinfo=None))
    t0 = time.monotonic()
    ahead = 0.0

    @classmethod
    def now(cls, with_timezone=False):
        d = cls.base + datetime.timedelta(seconds=cls.ahead + (
            time.monotonic() - cls.t0) * ARGS.clock_rate)
        return d.replace(tzinfo=datetime.UTC) if with_timezone else d

    @classmethod
    def timestamp(cls, microsecond=False):
        t = cls.now(True).timestamp()
        return t if microsecond else int(t)

    @classmethod
    def use(cls):
        timeutils.utcnow = cls.now
        timeutils.utcnow_ts = cls.timestamp


if ARGS.clock_rate != 1.0 or ARGS.clock_start:
    Clock.use()

if ARGS.notifications:
    _bus = open(ARGS.notifications, 'a', buffering=1)

    def _emit(self, ctxt, message, priority, retry):
        _bus.write(json.dumps(message, default=str) + '\n')

    # oslo.messaging's own driver for tests, which keeps them in memory
    notify_test.TestDriver.notify = _emit


# --------------------------------------------------------------------------
# the cloud
# --------------------------------------------------------------------------
class QuietLogging(fixtures.Fixture):
    """Replaces StandardLogging, which keeps every line in memory."""

    class _L:
        output = ''
    logger = _L()

    def setUp(self):
        super().setUp()
        root = std_logging.getLogger()
        for h in list(root.handlers):
            root.removeHandler(h)
        h = std_logging.FileHandler(LOGFILE, 'w')
        h.setFormatter(std_logging.Formatter(
            '%(asctime)s %(levelname)s [%(name)s] %(message)s'))
        root.addHandler(h)
        root.setLevel(std_logging.DEBUG if ARGS.debug else std_logging.WARNING)

    def delete_stored_logs(self):
        pass


class QuietWarnings(fixtures.Fixture):
    """Replaces WarningsFixture, which turns SQLAlchemy deprecations into
    errors (SQLAlchemy 2.1 deprecates noload(), which nova 34 uses)."""

    def setUp(self):
        super().setUp()
        warnings.resetwarnings()
        warnings.simplefilter('ignore')


nf.StandardLogging = QuietLogging
nf.WarningsFixture = QuietWarnings
import nova.tests.fixtures.nova as _nfn  # noqa: E402
_nfn.StandardLogging = QuietLogging
test.nova_fixtures.StandardLogging = QuietLogging


class Neutron(nf.NeutronFixture):
    """Nova's stub has no floating IPs; add a small pool."""

    def __init__(self, test):
        super().__init__(test)
        self._fips = {}
        web = dict(self.security_group, name='web',
                   id='aec9df91-db1f-4e04-8ac6-000000000002')
        self._security_groups[web['id']] = web
        for i in range(10, 20):
            fid = '00000000-0000-4000-8000-0000000000%02d' % i
            self._fips[fid] = {
                'id': fid, 'floating_ip_address': '172.24.4.%d' % i,
                'floating_network_id': self.network_1['id'],
                'fixed_ip_address': None, 'port_id': None,
                'port_details': None, 'tenant_id': self.tenant_id,
                'project_id': self.tenant_id, 'status': 'DOWN'}

    def list_extensions(self, *args, **kwargs):
        r = super().list_extensions(*args, **kwargs)
        r['extensions'].append({
            'name': 'Floating IP Port Details Extension',
            'alias': 'fip-port-details', 'links': [], 'description': '',
            'updated': '2018-04-09T10:00:00-00:00'})
        return r

    def list_floatingips(self, retrieve_all=True, **_params):
        return {'floatingips': self._list_resource(
            self._fips, retrieve_all, **_params)}

    def find_resource(self, resource, name_or_id, project_id=None,
                      cmd_resource=None, parent_id=None, fields=None):
        # as python-neutronclient: by id, then by name within the project
        items = {'security_group': self._security_groups,
                 'network': self._networks}[resource]
        if name_or_id in items:
            return {'id': name_or_id}
        hits = [v for v in items.values() if v['name'] == name_or_id and
                (not project_id or v['tenant_id'] == project_id)]
        if not hits:
            raise neutron_exc.NotFound(
                message="Unable to find %s with name or id '%s'" %
                (resource, name_or_id))
        if len(hits) > 1:
            raise neutron_exc.NeutronClientNoUniqueMatch(
                resource=resource, name=name_or_id)
        return {'id': hits[0]['id']}

    def show_floatingip(self, fid):
        return {'floatingip': copy.deepcopy(self._fips[fid])}

    def update_floatingip(self, fid, body):
        f = self._fips[fid]
        f.update(body['floatingip'])
        port = self._ports.get(f['port_id'])
        f['port_details'] = ({'device_id': port.get('device_id', '')}
                             if port else None)
        f['status'] = 'ACTIVE' if port else 'DOWN'
        if not port:
            f['fixed_ip_address'] = None
        return {'floatingip': copy.deepcopy(f)}


class Glance(nf.GlanceFixture):
    """Nova's stub ignores filters, so a backup rotation deletes every image."""

    def detail(self, context, **kwargs):
        out = super().detail(context, **kwargs)
        for k, v in (kwargs.get('filters') or {}).items():
            if k.startswith('property-'):
                out = [i for i in out
                       if i.get('properties', {}).get(k[9:]) == v]
        out.sort(key=lambda i: str(i.get('created_at')), reverse=True)
        return out


def read_policy(path):
    CONF.set_override('policy_file', os.path.abspath(path or os.path.join(TMP, 'no-policy')),
                      group='oslo_policy')
    # Nova's own default; placement, in the same process, has made it another
    CONF.set_override('enforce_new_defaults', True, group='oslo_policy')
    nova_policy.reset()
    nova_policy.init(suppress_deprecation_warnings=True)


class Cloud(test.TestCase):
    REQUIRES_LOCKING = True

    def runTest(self):
        pass

    def setUp(self):
        self.flags(compute_driver=ARGS.driver)
        super().setUp()
        # back to production defaults where the test ConfFixture differs
        CONF.set_override('response_validation', 'warn', group='api')
        CONF.set_override('driver', ['test' if ARGS.notifications else 'noop'],
                          group='oslo_messaging_notifications')
        CONF.set_override('notification_format', 'both' if ARGS.notifications
                          else 'unversioned', group='notifications')
        if ARGS.notifications:
            CONF.set_override('notify_on_state_change', 'vm_and_task_state',
                              group='notifications')
            nova_rpc.LEGACY_NOTIFIER = nova_rpc.NOTIFIER = messaging.Notifier(
                nova_rpc.NOTIFICATION_TRANSPORT,
                serializer=nova_rpc.RequestContextSerializer(
                    nova_rpc.JsonPayloadSerializer()))
        for q in ('instances', 'cores', 'ram', 'metadata_items',
                  'server_groups', 'key_pairs'):
            CONF.set_override(q, -1, group='quota')
        CONF.set_override('shelved_offload_time', ARGS.shelved_offload_time)
        CONF.set_override('reclaim_instance_interval', ARGS.reclaim)
        CONF.set_override('track_instance_changes', False,
                          group='filter_scheduler')
        CONF.set_override(
            'api_paste_config',
            os.path.join(sys.prefix, 'etc', 'nova', 'api-paste.ini'),
            group='wsgi')
        # a host is down only when PUT /os-services says forced_down
        CONF.set_override('service_down_time', 10 ** 8)
        for g in ('spice', 'serial_console', 'mks'):
            CONF.set_override('enabled', True, group=g)
        CONF.set_override('debug', ARGS.debug)

        # test.py makes un-whitelisted legacy notifications fatal
        nova_rpc.LegacyValidatingNotifier.fatal = False

        self.useFixture(nf.RealPolicyFixture())
        if ARGS.policy:
            read_policy(ARGS.policy)
        self.neutron = self.useFixture(Neutron(self))
        self.glance = self.useFixture(Glance(self))
        self.cinder = self.useFixture(nf.CinderFixture(self))
        self.placement_fixture = self.useFixture(ff.PlacementFixture())

        if 'cell1' in self.cell_mappings:
            self.flags(transport_url=self.cell_mappings['cell1'].transport_url)
        self.start_service('conductor')
        self.start_service('scheduler')
        for i in range(1, ARGS.computes + 1):
            self._start_compute('host%d' % i)
        CONF.set_override('host', 'host1')
        self.app = self._load_api()

    def _load_api(self):
        self.useFixture(fixtures.MockPatch(
            'keystonemiddleware.auth_token.filter_factory',
            return_value=lambda _app: _app))

        def fake_ctx(env, **kwargs):
            return nova_context.RequestContext(
                env['ORACLE_USER'], env['ORACLE_PROJECT'],
                roles=env['ORACLE_ROLES'],
                auth_token=env.get('HTTP_X_AUTH_TOKEN'), **kwargs)
        self.useFixture(fixtures.MonkeyPatch(
            'nova.api.auth.NovaKeystoneContext._create_context', fake_ctx))
        app = api_wsgi.Loader().load_app('osapi_compute')
        wsgi_app._setup_service(CONF.host, 'osapi_compute')
        return app


def outer_app(app):
    """auth shim + settle"""
    def handle(environ, start_response):
        tok = environ.get('HTTP_X_AUTH_TOKEN')
        Ctl.requests += 1
        if tok:
            parts = tok.split(':')
            user = parts[0]
            project = parts[1] if len(parts) > 1 else 'demo'
            if len(parts) > 2:
                roles = [r for r in parts[2].split(',') if r]
            elif user == 'admin':
                roles = ['admin', 'member', 'reader']
            else:
                roles = ['member', 'reader']
            environ['ORACLE_USER'] = user
            environ['ORACLE_PROJECT'] = project
            environ['ORACLE_ROLES'] = roles
        elif environ.get('PATH_INFO', '/').strip('/') not in (
                '', 'v2', 'v2.1'):
            body = json.dumps({'error': {
                'code': 401, 'title': 'Unauthorized',
                'message': 'The request you have made requires '
                           'authentication.'}}).encode()
            start_response('401 Unauthorized',
                           [('Content-Type', 'application/json'),
                            ('Content-Length', str(len(body)))])
            return [body]
        if Ctl.settle and environ['REQUEST_METHOD'] != 'GET':
            hold = []

            def sr(status, headers, exc_info=None):
                hold[:] = [status, headers]
                return lambda b: None
            body = b''.join(app(environ, sr))
            quiesce()
            start_response(*hold)
            return [body]
        return app(environ, start_response)
    return handle


# --------------------------------------------------------------------------
# control API
# --------------------------------------------------------------------------
COLS = ('uuid', 'vm_state', 'task_state', 'power_state', 'locked', 'locked_by',
        'host', 'node', 'launched_at', 'terminated_at', 'deleted', 'progress',
        'project_id', 'user_id', 'display_name', 'launched_on', 'image_ref',
        'old_vm_state')
COLS_REAL = [c for c in COLS if c != 'old_vm_state']


class Control:
    CINDER = ('volumes', 'volume_to_attachment', 'volume_snapshots')

    def __init__(self, cloud):
        self.cloud = cloud
        from nova.tests.fixtures.nova import CellDatabases
        self.celldbs = None
        self.clean = {}       # db -> (checkpoint, total_changes)
        for f in cloud._cleanups:
            obj = getattr(f[0], '__self__', None)
            if isinstance(obj, CellDatabases):
                self.celldbs = obj
        c1 = cloud.cell_mappings['cell1'].database_connection
        c0 = cloud.cell_mappings['cell0'].database_connection
        from nova.db.api import api as api_db
        from placement import db_api as placement_db
        self.engines = collections.OrderedDict()
        self.engines['cell1'] = \
            self.celldbs._ctxt_mgrs[c1].writer.get_engine()
        self.engines['cell0'] = \
            self.celldbs._ctxt_mgrs[c0].writer.get_engine()
        self.engines['api'] = api_db.get_engine()
        self.engines['placement'] = \
            placement_db.placement_context_manager.writer.get_engine()
        # oslo.db renews a connection after an hour: of an in-memory database
        # nothing would be left
        for eng in self.engines.values():
            eng.pool._recycle = -1

    # -- raw rows ----------------------------------------------------------
    def raw(self, db='cell1'):
        return self.engines[db].raw_connection()

    def get(self, uuid):
        for db in ('cell1', 'cell0'):
            conn = self.raw(db)
            try:
                cur = conn.cursor()
                cur.execute('SELECT %s FROM instances WHERE uuid=?' %
                            ','.join(COLS_REAL), (uuid,))
                row = cur.fetchone()
            finally:
                conn.close()
            if row:
                row = dict(zip(COLS_REAL, row), cell=db)
                row['status'] = api_common.status_from_state(
                    row['vm_state'], row['task_state'])
                return row
        return None

    def put(self, uuid, vals):
        vals = dict(vals)
        mig = vals.pop('migration_status', None)
        name = vals.pop('restore', None)
        if name:
            self.restore(name)
        host_down = vals.pop('host_down', None)
        if 'locked_by' in vals and 'locked' not in vals:
            vals['locked'] = 1 if vals['locked_by'] else 0
        conn = self.raw()
        try:
            cur = conn.cursor()
            cur.execute('UPDATE instances SET %s WHERE uuid=?' % ','.join(
                '%s=?' % k for k in vals), list(vals.values()) + [uuid])
            n = cur.rowcount
            if host_down is not None:
                cur.execute(
                    "UPDATE services SET forced_down=? WHERE binary="
                    "'nova-compute' AND host=(SELECT host FROM instances "
                    "WHERE uuid=?)", (int(host_down), uuid))
            if mig:
                cur.execute('UPDATE migrations SET status=? WHERE '
                            'instance_uuid=?', (mig, uuid))
            conn.commit()
        finally:
            conn.close()
        return n

    # -- whole world snapshots ----------------------------------------------
    def checkpoint(self, name):
        t = time.time()
        quiesce()
        snap = {'db': {}, 'drv': {}, 'rt': {}}
        for db, eng in self.engines.items():
            c = eng.raw_connection()
            mem = sqlite3.connect(':memory:', check_same_thread=False)
            c.driver_connection.backup(mem)
            snap['db'][db] = mem
            self.clean[db] = (name, c.driver_connection.total_changes)
            c.close()
        for host, svc in self.cloud.computes.items():
            drv = svc.manager.driver
            snap['drv'][host] = {
                'instances': {u: (i.name, i.state)
                              for u, i in drv.instances.items()},
                'resources': copy.copy(vars(drv.resources)),
                '_interfaces': dict(drv._interfaces),
                '_mounts': copy.deepcopy(drv._mounts)}
            rt = svc.manager.rt
            snap['rt'][host] = {
                'tracked_instances': copy.copy(rt.tracked_instances),
                'tracked_migrations': dict(rt.tracked_migrations),
                'stats': {k: copy.deepcopy(v) for k, v in rt.stats.items()},
                'compute_nodes': {k: v.obj_clone()
                                  for k, v in rt.compute_nodes.items()},
                'old_resources': copy.copy(rt.old_resources),
            }
        snap['glance'] = dict(self.cloud.glance.images)
        snap['cinder'] = {k: copy.deepcopy(getattr(self.cloud.cinder, k))
                          for k in self.CINDER}
        snap['fips'] = copy.deepcopy(self.cloud.neutron._fips)
        snap['ports'] = copy.deepcopy(self.cloud.neutron._ports)
        snap['bindings'] = copy.deepcopy(self.cloud.neutron._port_bindings)
        Ctl.checkpoints[name] = snap
        return {'name': name, 'seconds': time.time() - t}

    def restore(self, name):
        t = time.time()
        quiesce()
        snap = Ctl.checkpoints[name]
        for db, eng in self.engines.items():
            c = eng.raw_connection()
            key, n = self.clean.get(db, (None, None))
            if key != name or n != c.driver_connection.total_changes:
                snap['db'][db].backup(c.driver_connection)
                self.clean[db] = (name, c.driver_connection.total_changes)
            c.close()
        for host, svc in self.cloud.computes.items():
            drv, s = svc.manager.driver, snap['drv'][host]
            drv.instances = {u: fake_virt.FakeInstance(n, st, u)
                             for u, (n, st) in s['instances'].items()}
            vars(drv.resources).update(s['resources'])
            drv._interfaces = dict(s['_interfaces'])
            drv._mounts = copy.deepcopy(s['_mounts'])
            rt, s = svc.manager.rt, snap['rt'][host]
            rt.tracked_instances = copy.copy(s['tracked_instances'])
            rt.tracked_migrations = dict(s['tracked_migrations'])
            rt.stats.clear()
            rt.stats.update({k: copy.deepcopy(v)
                             for k, v in s['stats'].items()})
            rt.compute_nodes = {k: v.obj_clone()
                                for k, v in s['compute_nodes'].items()}
            rt.old_resources.clear()
            rt.old_resources.update(s['old_resources'])
            rt.reportclient.clear_provider_cache()
        self.cloud.glance.images = dict(snap['glance'])
        for k in self.CINDER:
            setattr(self.cloud.cinder, k, copy.deepcopy(snap['cinder'][k]))
        self.cloud.neutron._fips = copy.deepcopy(snap['fips'])
        self.cloud.neutron._ports = copy.deepcopy(snap['ports'])
        self.cloud.neutron._port_bindings = copy.deepcopy(snap['bindings'])
        Ctl.queue.clear()
        return {'name': name, 'seconds': time.time() - t}

    def health(self):
        rss = 0
        for line in open('/proc/self/status'):
            if line.startswith('VmRSS'):
                rss = int(line.split()[1])
        return {'pid': os.getpid(), 'rss_mb': round(rss / 1024, 1),
                'casts': Ctl.casts, 'settle': Ctl.settle,
                'requests': Ctl.requests, 'inflight': Ctl.inflight,
                'tasks': Ctl.tasks, 'queue': len(Ctl.queue),
                'dropped': Ctl.dropped, 'delivered': Ctl.delivered,
                'blocked': [b[:2] for b in Ctl.blocked.values()],
                'delays': Ctl.delays, 'holds': sorted(Ctl.holds),
                'fails': Ctl.fails,
                'images': len(self.cloud.glance.images),
                'uptime': time.time() - T0}

    # -- HTTP --------------------------------------------------------------
    def __call__(self, env, start_response):
        try:
            code, out = self.route(env)
        except Exception as e:   # report, do not die
            code, out = 500, {'error': '%s: %s' % (type(e).__name__, e)}
        body = json.dumps(out, default=str).encode()
        start_response('%d X' % code, [('Content-Type', 'application/json'),
                                       ('Content-Length', str(len(body)))])
        return [body]

    def route(self, env):
        m, p = env['REQUEST_METHOD'], env['PATH_INFO'].strip('/').split('/')
        n = int(env.get('CONTENT_LENGTH') or 0)
        data = json.loads(env['wsgi.input'].read(n)) if n else None
        if p[0] == 'health':
            return 200, self.health()
        if p[0] == 'servers' and len(p) == 2:
            if m == 'PUT':
                if self.put(p[1], data) == 0:
                    return 404, {}
            row = self.get(p[1])
            return (200, row) if row else (404, {})
        if p[0] == 'mode':
            Ctl.casts = data.get('casts', Ctl.casts)
            Ctl.settle = data.get('settle', Ctl.settle)
            return 200, {'casts': Ctl.casts, 'settle': Ctl.settle}
        if p[0] == 'queue':
            return 200, [q[:3] for q in Ctl.queue]
        if p[0] == 'pump':
            k = (data or {}).get('n', 1)
            done = []
            while Ctl.queue and (k < 0 or len(done) < k):
                t = Ctl.queue.pop(0)
                t[3]()
                done.append(t[:3])
                quiesce()
            return 200, {'delivered': done, 'left': [q[:3] for q in Ctl.queue]}
        if p[0] == 'quiesce':
            return 200, {'idle': quiesce((data or {}).get('timeout', 30))}
        if p[0] == 'delays':
            Ctl.delays = {k: float(v) for k, v in data.items()}
            return 200, Ctl.delays
        if p[0] == 'holds':
            if m == 'PUT':
                Ctl.holds = set(data)
            return 200, {'holds': sorted(Ctl.holds),
                         'blocked': [b[:2] for b in Ctl.blocked.values()]}
        if p[0] == 'release':
            k = 0
            for name, _u, ev in list(Ctl.blocked.values()):
                if not data or name in data:
                    Ctl.holds.discard(name)
                    ev.set()
                    k += 1
            if not data:
                Ctl.holds = set()
            return 200, {'released': k}
        if p[0] == 'fail':
            Ctl.fails = dict(data)
            return 200, Ctl.fails
        if p[0] == 'periodic':
            ctxt = nova_context.get_admin_context()
            with nova_context.target_cell(
                    ctxt, self.cloud.cell_mappings['cell1']) as cctxt:
                for svc in self.cloud.computes.values():
                    getattr(svc.manager, data['task'])(cctxt)
            return 200, {}
        if p[0] == 'guest' and len(p) == 2:
            k = 0
            for svc in self.cloud.computes.values():
                guest = svc.manager.driver.instances.get(p[1])
                if guest:
                    guest.state = getattr(power_state, data['power_state'])
                    k += 1
            return (200, {'guests': k}) if k else (404, {})
        if p[0] == 'clock':
            Clock.use()
            Clock.ahead += float((data or {}).get('advance', 0))
            return 200, {'now': Clock.now().isoformat()}
        if p[0] == 'cleanup_evacuated':
            mgr = self.cloud.computes[data['host']].manager
            ctxt = nova_context.get_admin_context()
            with nova_context.target_cell(
                    ctxt, self.cloud.cell_mappings['cell1']) as cctxt:
                r = mgr._destroy_evacuated_instances(
                    cctxt, mgr._get_nodes(cctxt))
            return 200, sorted(r)
        if p[0] == 'conf':
            CONF.set_override(data['key'], data['value'],
                              group=data.get('group'))
            return 200, {}
        if p[0] == 'policy':
            read_policy(data['file'])
            return 200, {}
        if p[0] == 'checkpoint':
            return 200, self.checkpoint((data or {}).get('name', 'default'))
        if p[0] == 'restore':
            return 200, self.restore((data or {}).get('name', 'default'))
        if p[0] == 'sql' and m == 'POST':
            conn = self.raw(data.get('db', 'cell1'))
            try:
                cur = conn.cursor()
                cur.execute(data['q'], data.get('args', []))
                rows = cur.fetchall()
                conn.commit()
            finally:
                conn.close()
            return 200, rows
        return 404, {'error': 'no such control'}


def serve(sock, app):
    std = std_logging.getLogger('oracle.wsgi')
    std.setLevel(std_logging.ERROR)
    eventlet.wsgi.server(sock, app, log=std, log_output=False,
                         keepalive=True, debug=False)


def main():
    cloud = Cloud('runTest')
    cloud.setUp()
    control = Control(cloud)
    s1 = eventlet.listen(('127.0.0.1', ARGS.port))
    s2 = eventlet.listen(('127.0.0.1', ARGS.control_port))
    quiesce(5)
    print(json.dumps({
        'ready': True, 'base_url': 'http://127.0.0.1:%d/v2.1' %
        s1.getsockname()[1],
        'control_url': 'http://127.0.0.1:%d' % s2.getsockname()[1],
        'pid': os.getpid(), 'startup_seconds': round(time.time() - T0, 2),
        'hosts': sorted(cloud.computes),
        'tokens': {'owner': 'alice:' + nf.NeutronFixture.tenant_id, 'admin': 'admin:adminproj'},
        'log': LOGFILE}), flush=True)

    def bye(*_a):
        if not ARGS.tmp:
            shutil.rmtree(TMP, ignore_errors=True)
        os._exit(0)
    signal.signal(signal.SIGTERM, bye)
    signal.signal(signal.SIGINT, bye)
    gc.collect()
    gc.freeze()          # a full collection of all that is loaded is dear
    gc.set_threshold(20000, 20, 50)
    eventlet.spawn(serve, s2, control)
    serve(s1, outer_app(cloud.app))


if __name__ == '__main__':
    main()
